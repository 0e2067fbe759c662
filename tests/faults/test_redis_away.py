"""What each call does while Redis is away, and after: the rows of the fault table, each walked through the front door."""

from statistics import median

import pytest

from api.config import LIMITS
from tests.faults.asking import AWAY, BACK_SECONDS, Visit, ask, ask_together, said
from tests.faults.redis_place import REPLY_SECONDS, SETTINGS
from tests.faults.wire import Wire
from tests.parallel import in_parallel
from tests.races.crowd import connected, settled, told_apart
from tests.servers.live import LiveServer
from tests.waiting import wait_until

FAULTS = ("refused", "hung", "out_of_memory", "disk_full", "read_only")


@pytest.fixture(autouse=True)
def nothing_broke(place):
    """A part that is away is no defect of ours."""
    place.settle()
    before = len(place.live.log)
    yield
    assert "internal_error" not in place.live.log[before:], place.live.log[before:][-3000:]


def is_unavailable(reply):
    return (reply.status, reply.code) == (503, "service_unavailable") and int(reply.headers["Retry-After"]) >= 1


@pytest.mark.parametrize("fault", FAULTS)
def test_what_goes_on_and_what_waits(place, rows, fault):
    """R52, F1, F2, F3: sending and verifying wait; logins, registrations, refreshes, reads and logouts go on. R53: no reply takes over 3 s."""
    shopper, newcomer, leaver, forgetful = [place.shopper() for _ in range(4)]
    shopper.register()
    leaver.register()
    forgetful.register()
    reset = forgetful.form(forgetful.prove("reset_password"), username=None, email=None, password="another battery")
    ticket, sms_id, code = newcomer.prove(), shopper.send_code("login"), shopper.last_code()
    shopper.me()
    leaver.me()
    sent = rows.messages()
    with place.suffering(fault):
        assert is_unavailable(shopper.ask_for_code("login"))
        if fault != "out_of_memory":
            assert is_unavailable(shopper.try_login_by_code(sms_id, code))
        assert shopper.try_login(password="wrong password").code == "invalid_credentials"
        shopper.login()
        shopper.refresh()
        assert shopper.me().status == 200
        assert newcomer.fill_in(ticket).status == 201
        assert forgetful.client.post("/v1/password/reset", json=reset).status == 204
        assert forgetful.try_login(password="another battery").status == 200
        assert newcomer.client.get("/v1/register/availability?username=somebody").status == 200
        assert newcomer.client.get("/healthz").status == 200
        assert leaver.logout().status == 204
        ended = [leaver.me() for _ in range(6)]
        # Where Redis answers and takes no writes, another process may believe what it kept, for a minute at most.
        assert {reply.status for reply in ended} <= ({200, 401} if fault in ("disk_full", "read_only") else {401})
        assert leaver.try_refresh().code == "refresh_invalid"
        assert rows.messages() == sent
        slowest = max(one.client.slowest for one in (shopper, newcomer, leaver, forgetful))
    assert slowest < REPLY_SECONDS
    with place.impatient():
        wait_until(lambda: shopper.ask_for_code("login").status == 202, "a code", seconds=BACK_SECONDS)
        wait_until(lambda: leaver.me().status == 401, "the end of what was logged out", seconds=BACK_SECONDS)
        if fault != "refused":
            used = "the code from before"
            wait_until(lambda: shopper.try_login_by_code(sms_id, code).status == 200, used, seconds=BACK_SECONDS)
    assert shopper.me().status == 200


@pytest.mark.parametrize("known", [True, False])
def test_limits_hold_over_all_processes_without_redis(place, known):
    """R52: of a thousand logins, in crowds, the account's ten are tried, in two processes together. R49: known or not."""
    shopper = place.shopper()
    if known:
        shopper.register()
    body = {"account": shopper.username, "password": "wrong password"}
    with place.suffering("refused"), connected(place.live, 100) as clients:
        replies = in_parallel(
            100, lambda i: [settled(lambda: clients[i].post("/v1/login", json=body)) for _ in range(10)]
        )
        replies = [reply for told in replies for reply in told]
        assert told_apart(replies) == {"401 invalid_credentials": 10, "429 rate_limited": 990}
        assert all(1 <= reply.json["retry_after"] <= 60 for reply in replies if reply.status == 429)
        if known:
            assert shopper.try_login().code == "rate_limited"


def test_the_limit_of_an_address_holds_over_all_processes_without_redis(place):
    """R52: of a thousand logins at as many accounts, in crowds, the address's twenty a minute are tried."""
    place.live.restart(**SETTINGS, LIMIT_LOGIN_PER_ADDRESS=LIMITS["LIMIT_LOGIN_PER_ADDRESS"])
    try:
        with place.suffering("refused"), connected(place.live, 100) as clients:
            bodies = [{"account": f"nobody-{i}", "password": "wrong password"} for i in range(1000)]
            replies = in_parallel(
                100,
                lambda i: [
                    settled(lambda body=body: clients[i].post("/v1/login", json=body)) for body in bodies[i::100]
                ],
            )
    finally:
        place.live.restart(**SETTINGS)
    replies = [reply for told in replies for reply in told]
    assert told_apart(replies) == {"401 invalid_credentials": 20, "429 rate_limited": 980}


def test_a_success_without_redis_clears_the_accounts_count(place):
    """R13: as ever."""
    shopper = place.shopper()
    shopper.register()
    with place.suffering("refused"):
        for _ in range(2):
            refused = in_parallel(9, lambda _: settled(lambda: shopper.try_login(password="wrong password")))
            assert told_apart(refused) == {"401 invalid_credentials": 9}
            shopper.login()


def test_a_hung_redis_costs_its_time_limit_now_and_then_and_not_at_each_command(place):
    """R53, F1: a login asks Redis five times and more; the first who waits in vain opens the circuit for the others."""
    shopper = place.shopper()
    shopper.register()
    with place.suffering("hung"):
        taken = [ask(shopper.try_login) for _ in range(30)]
    assert {answer.said for answer in taken} == {200}
    assert median(answer.seconds for answer in taken) < 0.25


def test_a_crowd_while_redis_hangs(place):
    """R53, F1: fifty and more at once, of every kind; each is answered in time, and what needs no Redis is done."""
    calls = Visit.of(place.shopper()).calls()
    del calls["rename"]  # or whoever logs in meanwhile gives a name of before
    with place.suffering("hung"):
        told = said(ask_together(calls, times=6))
    assert told.pop("send") == told.pop("verify") == AWAY
    # Where the crowd fills all places, somebody is told to come again.
    told = {name: codes - AWAY for name, codes in told.items()}
    assert told.pop("register") == {201, "phone_registered"}
    assert told.pop("logout") <= {204, "session_revoked"}
    assert told == {name: {200} for name in told}


@pytest.fixture
def far(place, database_url):
    """A server whose Redis is at the end of a wire, and the wire."""
    wire = Wire(place.redis.socket)
    live = LiveServer(database_url, f"redis://127.0.0.1:{wire.port}/0")
    live.start(**SETTINGS)
    yield live, wire
    wire.close()
    said = live.log
    live.remove()
    assert "internal_error" not in said


def test_a_redis_that_answers_too_late_is_as_one_that_hangs(place, far):
    """R53, F1: each answer takes 300 ms, where 250 are waited for."""
    live, wire = far
    shopper = place.shopper(live)
    shopper.register()
    shopper.client.slowest = 0
    with wire.slow(0.3), place.impatient():
        assert is_unavailable(shopper.ask_for_code("login"))
        for _ in range(8):
            shopper.login()
            shopper.refresh()
            assert shopper.me().status == 200
        assert shopper.logout().status == 204
        assert shopper.me().status == 401
    assert shopper.client.slowest < REPLY_SECONDS
    with place.impatient():
        wait_until(lambda: shopper.ask_for_code("login").status == 202, "a code", seconds=BACK_SECONDS)


def test_what_redis_lost_is_told_to_it_when_it_is_back(place):
    """R26: an ended session's entry is deleted as soon as Redis takes it, and its process does not believe it before."""
    shopper = place.shopper()
    shopper.register()
    wait_until(lambda: shopper.me().status == 200 and place.told(lambda redis: redis.keys("account:*")), "an entry")
    with place.suffering("disk_full"):
        assert shopper.logout().status == 204
    wait_until(lambda: not place.told(lambda redis: redis.keys("account:*")), "the deletion", seconds=BACK_SECONDS)
    assert shopper.me().code == "session_revoked"
