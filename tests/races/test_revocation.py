"""What has ended stays ended: at once, in every process, over a flushed Redis and a restart."""

import threading
import time

import pytest

from tests.parallel import in_parallel
from tests.races.crowd import connected, one_for_each_worker
from tests.tokens import both_formats

pytestmark = [pytest.mark.mysql, both_formats]

READERS = 12


def test_a_logout_in_one_process_is_seen_in_the_other(live, live_shopper):
    """R26: the next request anywhere is refused, although both processes had just let the token in."""
    live_shopper.register()
    with one_for_each_worker(live) as clients:
        for i in range(60):
            here, there = (live_shopper.on(clients[(i + turn) % 2]) for turn in (0, 1))
            here.login()
            there.access_token = here.access_token
            for _ in range(
                3
            ):  # the first fills the cache, the second keeps what it has, the third is told by nobody else
                assert (there.me().status, here.me().status) == (200, 200)
            assert here.logout().status == 204
            assert there.me().code == here.me().code == "session_revoked"


@pytest.mark.parametrize("way", ["logout", "one", "all", "reuse"])
def test_no_slow_reader_brings_a_session_back(live, live_shopper, way):
    """R26: whatever readers were doing while a session ended, no request that starts afterwards is let in."""
    live_shopper.register()
    with connected(live, READERS + 1 + 20) as clients:
        revoker, readers = clients[0], clients[1 : READERS + 1]
        for _ in range(50):
            pair = live_shopper.login()
            ended_at, calls = _read_while_it_ends(revoker, readers, pair, way)
            late = [status for started, status in calls if started > ended_at]
            assert len(late) >= READERS
            assert set(late) == {401}


def _read_while_it_ends(revoker, readers, pair, way):
    """When the session had ended, and each reader's calls as (start, status); the cache is cold when they begin."""
    ended = threading.Event()

    def end():
        time.sleep(0.002)
        reply = _end(revoker, pair, way)
        at = time.monotonic()
        ended.set()
        assert reply.status in (204, 401)
        return at

    def read(client):
        calls = []
        is_last = False
        while not is_last:
            is_last = ended.is_set()
            started = time.monotonic()
            calls.append((started, client.get("/v1/me", token=pair["access_token"]).status))
        return calls

    at, *calls = in_parallel(READERS + 1, lambda i: read(readers[i - 1]) if i else end())
    return at, [call for by_reader in calls for call in by_reader]


def _end(client, pair, way):
    match way:
        case "logout":
            return client.post("/v1/logout", token=pair["access_token"])
        case "one":
            sessions = client.get("/v1/sessions", token=pair["access_token"]).json["sessions"]
            current = next(session["id"] for session in sessions if session["current"])
            return client.delete(f"/v1/sessions/{current}", token=pair["access_token"])
        case "all":
            return client.delete("/v1/sessions", token=pair["access_token"])
        case "reuse":
            token = pair["refresh_token"]
            newer = client.post("/v1/token/refresh", json={"refresh_token": token}).json["refresh_token"]
            client.post("/v1/token/refresh", json={"refresh_token": newer})
            return client.post("/v1/token/refresh", json={"refresh_token": token})


def test_a_flushed_redis_and_a_restart_neither_end_nor_revive(live, live_shopper, redis, token_format):
    """R25: nobody is logged out, nothing revoked lives again; a code asked for before is over, and the next is sent at once."""
    staying, leaving, elsewhere, asking = live_shopper, *(live_shopper.another() for _ in range(3))
    for somebody in (staying, leaving, elsewhere):
        somebody.register()
    left = {"access": leaving.access_token, "refresh": leaving.refresh_token}
    leaving.logout()
    other = elsewhere.on(elsewhere.client)
    other.login()
    ended = next(session["id"] for session in elsewhere.sessions() if not session["current"])
    assert elsewhere.client.delete(f"/v1/sessions/{ended}", token=elsewhere.access_token).status == 204
    sms_id = asking.send_code()
    code = asking.last_code()

    for turn in ("flushed", "flushed and restarted", "restarted"):
        if "flushed" in turn:
            # A Redis that was started again, empty, has no scripts either.
            redis.flushall()
            redis.script_flush()
        if "restarted" in turn:
            live.restart(TOKEN_FORMAT=token_format)
        for _ in range(2):
            assert staying.me().status == elsewhere.me().status == 200, turn
            assert leaving.me(left["access"]).code == other.me().code == "session_revoked", turn
            assert leaving.try_refresh(left["refresh"]).code == other.try_refresh().code == "refresh_invalid", turn
        staying.refresh()
        if turn == "flushed":
            assert asking.verify(sms_id, code).code == "code_expired"
            asking.register()
    assert asking.me().status == 200


def test_a_flush_in_the_middle_of_reading_revives_nothing(live, live_shopper, redis):
    """R25, R26: the cache loses everything, again and again, while sessions end."""
    live_shopper.register()
    stop = threading.Event()

    def flush():
        while not stop.is_set():
            redis.flushall()

    flusher = threading.Thread(target=flush)
    flusher.start()
    try:
        with one_for_each_worker(live) as clients:
            for i in range(40):
                here, there = (live_shopper.on(clients[(i + turn) % 2]) for turn in (0, 1))
                here.login()
                there.access_token = here.access_token
                assert (there.me().status, here.me().status) == (200, 200)
                assert here.logout().status == 204
                assert there.me().code == here.me().code == "session_revoked"
    finally:
        stop.set()
        flusher.join()
