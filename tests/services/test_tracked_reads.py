"""What a process keeps of Redis: never used once Redis, or nobody at all, can say that it still holds."""

import multiprocessing
import sys
import time

import pytest
from redis import Redis

from api.redis_provider import RedisProvider
from api.redis_tracking import tracked_reads
from services.tracked_reads import BELIEVED_SECONDS, Untracked
from tests.faults.wire import Wire
from tests.parallel import in_parallel
from tests.servers.redis import RedisServer
from tests.waiting import wait_until

ENTRY, NAME, FIELDS = "account:1:{a}", "session", ("profile", "version")
TIMEOUT = 1.0
READERS, ROUNDS = 6, 120
OTHERS = multiprocessing.get_context("spawn")


def key_in(redis, entry=ENTRY) -> str:
    """Where an entry is, as long as this Redis is primary."""
    return f"{entry}:{redis.info('server')['run_id'][:8]}"


def write(redis, entry=ENTRY, profile="p", version="1"):
    redis.hset(key_in(redis, entry), mapping={"profile": profile, "version": version})
    redis.expire(key_in(redis, entry), 60)


@pytest.fixture(scope="module")
def server():
    server = RedisServer()
    yield server
    server.remove()


@pytest.fixture
def redis(server):
    with server.connect() as redis:
        redis.flushall()
        write(redis)
        for link in trackers(redis):  # of tests before
            redis.client_kill_filter(_id=link)
        yield redis


class Node:
    """A process, as far as it reads and keeps."""

    def __init__(self, url: str, timeout: float = TIMEOUT):
        self.reads = tracked_reads(RedisProvider.from_url(url, timeout), timeout)

    def read(self, entry=ENTRY):
        return self.reads.read(entry, NAME, FIELDS, lambda values: values if all(values) else None)

    def recall(self):
        return self.reads.recall(ENTRY, NAME)

    def keep(self):
        """Read until it is kept; what that is."""
        kept = []
        wait_until(lambda: kept.append(self.reads_now() and self.recall()) or kept[-1], "what is kept")
        return kept[-1]

    def look(self, seconds):
        """Look again and again, for so long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.recall()

    def reads_now(self, entry=ENTRY):
        """A link that was lost is not made anew at once."""
        try:
            return self.read(entry)
        except Untracked:
            return None


@pytest.fixture
def node(server, redis):
    node = Node(server.url)
    node.keep()
    return node


def reads_of(redis: Redis) -> int:
    return redis.info("commandstats")["cmdstat_hmget"]["calls"]


def roles_of(redis: Redis) -> int:
    return redis.info("commandstats")["cmdstat_role"]["calls"]


def trackers(redis: Redis) -> list[str]:
    return [client["id"] for client in redis.client_list() if "t" in client["flags"]]


def test_what_is_kept_costs_redis_nothing(node, redis):
    def look_twenty_times():
        """Nothing is believed of a link that was not looked at for a while."""
        node.keep()
        before = reads_of(redis)
        return [node.recall() for _ in range(20)] == [[b"p", b"1"]] * 20 and reads_of(redis) == before

    wait_until(look_twenty_times, "twenty looks that asked for nothing")


def test_every_change_is_heard_before_the_next_look(server, node, redis):
    """R26: on two nodes, and a hundred times; whoever deletes has had one more answer of Redis before it tells anybody."""
    other = Node(server.url)
    for _ in range(100):
        write(redis)
        for each in (node, other):
            each.keep()
        redis.delete(key_in(redis))
        redis.ping()
        assert (node.recall(), other.recall()) == (None, None)


def test_no_thread_looks_between_the_hearing_and_the_doing(server, redis):
    """R26: of many threads one takes the word of a change from the link; the others wait until it has done what it says.

    Whoever changes is another process, which needs not wait for any of them. They take turns so often that one of them has to
    wait between both in some of the rounds.
    """
    node, (seen, deleted) = Node(server.url), (OTHERS.Value("i", 0), OTHERS.Value("i", 0))
    changer = OTHERS.Process(target=change, args=(server.socket, seen, deleted), daemon=True)

    def look(_):
        late = 0
        while deleted.value < ROUNDS and (changer.is_alive() or not deleted.value):
            gone, values = deleted.value, node.recall()
            if values:
                seen.value = version = int(values[1])
                late += version <= gone
            else:
                node.reads_now()
        return late

    interval = sys.getswitchinterval()
    sys.setswitchinterval(0.00001)
    try:
        changer.start()
        assert in_parallel(READERS, look) == [0] * READERS
    finally:
        sys.setswitchinterval(interval)
    changer.join()
    assert changer.exitcode == 0


def change(socket, seen, deleted):
    """Write another version, let it be kept, delete it, have one more answer, and say so; again and again."""
    with Redis(unix_socket_path=str(socket)) as redis:
        key = key_in(redis)
        for version in range(1, ROUNDS + 1):
            write(redis, version=str(version))
            wait_until(lambda version=version: seen.value == version, "what is kept")
            redis.delete(key)
            redis.ping()
            deleted.value = version


@pytest.mark.parametrize("act", ["flushall", "flushdb"])
def test_an_emptied_redis_is_heard(node, redis, act):
    getattr(redis, act)()
    redis.ping()
    assert node.recall() is None


def test_it_ends_with_the_entry(node, redis):
    redis.pexpire(key_in(redis), 30)
    node.read()
    wait_until(lambda: node.recall() is None, "the end")


def test_a_link_that_is_cut_takes_all_that_is_kept_with_it(node, redis):
    """R26: Redis, or somebody in between, ended it; from then on nobody would tell."""
    redis.client_kill_filter(_id=trackers(redis)[0])
    write(redis, version="2")
    write(redis, "another")
    assert node.recall() is None
    wait_until(lambda: node.reads_now("another"), "another link")
    assert node.recall() is None
    assert node.keep() == [b"p", b"2"]


def test_a_link_that_is_silent_is_not_believed(server, redis):
    """R26: its packets go nowhere, and nothing says so; what was changed meanwhile is never told."""
    wire = Wire(server.socket)
    node = Node(f"redis://127.0.0.1:{wire.port}")
    node.keep()
    with wire.dead():
        redis.delete(key_in(redis))
        node.look(BELIEVED_SECONDS)
        assert node.recall() is None
        with pytest.raises(Untracked):
            node.read()
    wire.close()


def test_an_answer_that_is_heard_late_is_as_old_as_its_question(server, redis):
    """R26: it lay in the buffer of a process that had nothing to do, and the wire is dead since."""
    wire = Wire(server.socket)
    node = Node(f"redis://127.0.0.1:{wire.port}")
    node.keep()
    asked = roles_of(redis)
    wait_until(lambda: node.recall() and roles_of(redis) > asked, "another question")
    time.sleep(0.05)
    with wire.dead():
        redis.delete(key_in(redis))
        time.sleep(BELIEVED_SECONDS)
        assert node.recall() is None
    wire.close()


def test_what_cannot_be_made_out_is_not_kept_and_costs_no_link(node, redis):
    links = trackers(redis)
    redis.hset(key_in(redis), "version", "x")
    with pytest.raises(Untracked):
        node.reads.read(ENTRY, NAME, FIELDS, lambda values: int(values[1]))
    assert node.recall() is None
    write(redis, version="2")
    assert node.keep() == [b"p", b"2"]
    assert trackers(redis) == links


def test_a_thread_that_is_ended_while_it_hears_takes_the_link_with_it(node, redis):
    """R26: it may have taken more from the link than it has done."""

    def end(_):
        raise SystemExit

    links = trackers(redis)
    with pytest.raises(SystemExit):
        node.reads.read(ENTRY, NAME, FIELDS, end)
    assert node.recall() is None
    node.keep()
    assert not set(links) & set(trackers(redis))


def test_a_redis_that_hangs_is_believed_for_no_longer_than_others_wait_for_it(server, node):
    """R26: who ends a session then waits ``REDIS_TIMEOUT_SECONDS`` in vain, and answers after that."""
    server.freeze()
    try:
        node.look(BELIEVED_SECONDS)
        assert node.recall() is None
        with pytest.raises(Untracked):
            node.read()
    finally:
        server.thaw()
    node.keep()


def test_a_thread_that_is_held_up_finds_the_answer_that_came_meanwhile(node, redis, monkeypatch):
    """F1: its process had no processor for longer than anybody waits for Redis, which answered at once."""
    send, links = node.reads._link.send, trackers(redis)

    def send_and_be_held_up(*commands):
        send(*commands)
        time.sleep(TIMEOUT * 1.2)

    monkeypatch.setattr(node.reads._link, "send", send_and_be_held_up)
    assert node.read() == [b"p", b"1"]
    assert (trackers(redis), node.reads.losses) == (links, 0)


def test_a_redis_that_starts_again_is_asked_again(server, node):
    """R25: what it held is gone, and so is what was kept."""
    server.stop()
    server.start()
    assert node.recall() is None
    with server.connect() as redis:
        write(redis, profile="new", version="2")
    assert node.keep() == [b"new", b"2"]


def test_a_redis_that_does_not_track_is_asked_as_ever(server, redis):
    """So are some hosts' proxies, and a user who may not."""
    redis.execute_command("ACL", "SETUSER", "plain", "on", ">word", "~*", "+@all", "-client")
    node = Node(f"unix://plain:word@{server.socket}")
    for _ in range(2):
        with pytest.raises(Untracked):
            node.read()
    assert not trackers(redis)


def test_it_bounds_what_it_keeps(server, redis, monkeypatch):
    monkeypatch.setattr("services.tracked_reads.MOST_KEYS", 3)
    node = Node(server.url)
    entries = [f"account:1:{{{i}}}" for i in range(5)]
    for entry in entries:
        write(redis, entry)
        node.reads.read(entry, NAME, FIELDS, lambda values: values)
    kept = lambda: [bool(node.reads.recall(entry, NAME)) for entry in entries]  # noqa: E731
    wait_until(lambda: kept() == [False, False, True, True, True], "the newest three, and no more")
