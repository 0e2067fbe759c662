"""The harness stands: the same walk in the process and over HTTP."""

from tests.parallel import in_parallel


def test_a_shopper_walks_in_the_process(shopper):
    assert shopper.register()["user"]["username"] == shopper.username
    assert shopper.login()["user"] == shopper.me().json


def test_a_shopper_walks_over_http(live_shopper):
    live_shopper.register()
    assert live_shopper.me().status == 200


def test_the_live_server_comes_back_after_it_was_killed(live, live_shopper):
    live_shopper.register()
    live.kill()
    live.start(SMS_COOLDOWN_SECONDS=0)
    live_shopper.send_code("login")
    assert live_shopper.me().status == 200


def test_each_test_finds_an_empty_product_and_default_settings(live_shopper):
    assert live_shopper.client.get("/dev/inbox", headers={"Accept": "application/json"}).json == {"messages": []}
    live_shopper.send_code()
    assert live_shopper.ask_for_code().code == "sms_cooldown"


def test_threads_get_their_results_in_order():
    assert in_parallel(20, lambda i: i * i) == [i * i for i in range(20)]


def test_time_passes_for_the_app_and_for_redis(shopper, pass_time):
    shopper.register()
    assert shopper.ask_for_code("login").code == "sms_cooldown"
    pass_time(seconds=60)
    shopper.login_by_code()
    pass_time(seconds=901)
    assert shopper.me().code == "token_expired"
