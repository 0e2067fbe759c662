"""The harness stands: the same walk in the process and over HTTP."""

import pytest

from tests.parallel import in_parallel
from tests.secrecy import SEEN
from tests.servers.live import LiveServer


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


@pytest.mark.parametrize("of_this_test", [True, False])
def test_a_server_whose_log_has_a_secret_is_not_removed_in_silence(of_this_test):
    """R7: of this test or of one before."""
    server = LiveServer("sqlite://", "redis://nowhere")
    server._log.write_text("Bearer a-token-that-only-this-log-has\n")
    SEEN.note("token", "a-token-that-only-this-log-has")
    if not of_this_test:
        SEEN.begin("the next test")
    try:
        with pytest.raises(AssertionError, match="a-token-that-only-this-log-has"):
            server.remove()
    finally:
        SEEN.of_all.pop("a-token-that-only-this-log-has")
    assert not server.folder.exists()


def test_a_server_that_stops_is_asked_what_it_has_counted(live):
    """R7: its metrics are looked through like its log."""
    live.stop()
    assert "dongbao_http_requests" in live._metrics


def test_threads_get_their_results_in_order():
    assert in_parallel(20, lambda i: i * i) == [i * i for i in range(20)]


def test_time_passes_for_the_app_and_for_redis(shopper, pass_time):
    shopper.register()
    assert shopper.ask_for_code("login").code == "sms_cooldown"
    pass_time(seconds=60)
    shopper.login_by_code()
    pass_time(seconds=901)
    assert shopper.me().code == "token_expired"
