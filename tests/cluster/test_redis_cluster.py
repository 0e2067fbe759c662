"""A Redis Cluster: every journey finds its keys, and a primary that dies is replaced."""

import time

import pytest
from redis.exceptions import ReadOnlyError

from api.redis_provider import RedisProvider
from tests.cluster.asking import Watch, cut_off, sends_again, two_sessions
from tests.cluster.shop import Shop
from tests.parallel import in_parallel
from tests.servers.redis_cluster import RedisCluster
from tests.waiting import wait_until

pytestmark = pytest.mark.cluster
BACK_SECONDS = 20


@pytest.fixture(scope="module")
def nodes():
    cluster = RedisCluster(replicas=True)
    yield cluster
    cluster.remove()


@pytest.fixture(scope="module")
def shop(database_url, nodes):
    shop = Shop(database_url, nodes.url, WORKERS=2)
    yield shop
    shop.remove()


def test_a_slot_that_moves_takes_its_commands_with_it(nodes):
    """While it moves, and when it has; a command is carried out once, also in a transaction and in a script."""
    client = RedisProvider.from_url(nodes.url, 3)
    count = client.register_script("return redis.call('INCR', KEYS[1])")
    slot = client.execute_command("CLUSTER KEYSLOT", "{moving}")
    home = client.primary_of("{moving}")
    away = next(node for node in client.primaries() if node is not home)
    ids = {node: node.execute_command("CLUSTER MYID").decode() for node in (home, away)}
    place = away.connection_pool.connection_kwargs
    said = [count(keys=["{moving}a"])]
    away.execute_command("CLUSTER SETSLOT", slot, "IMPORTING", ids[home])
    home.execute_command("CLUSTER SETSLOT", slot, "MIGRATING", ids[away])
    assert count(keys=["{moving}new"]) == 1, "asked for at the other node, where it is made"
    home.execute_command("MIGRATE", place["host"], place["port"], "{moving}a", 0, 3000)
    said.append(count(keys=["{moving}a"]))
    for node in (away, home):
        node.execute_command("CLUSTER SETSLOT", slot, "NODE", ids[away])
    with client.pipeline() as pipeline:
        pipeline.incr("{moving}a")
        pipeline.incr("{moving}a")
        said += pipeline.execute()
    with client.pipeline(transaction=False) as pipeline:
        for key in ("{moving}a", "elsewhere", "{moving}a", "{budget}"):
            pipeline.incr(key)
        said += pipeline.execute()[::2]
    assert said == [1, 2, 3, 4, 5, 6]
    assert client.primary_of("{moving}") is away


def test_whoever_comes_to_a_node_that_was_demoted_goes_to_the_next_primary(nodes):
    """R26: by the next try, though no command was sent that could have led there, and no connection was cut."""
    client = RedisProvider.from_url(nodes.url, 3)
    before = client.reign("{moved}")
    port = client.primary_of("{moved}").connection_pool.connection_kwargs["port"]
    old, new = next(
        pair for pair in zip(nodes.primaries, nodes.replicas, strict=True) if port in {node.port for node in pair}
    )
    take_over(new, old)

    def come(_):
        with pytest.raises(ReadOnlyError):
            client.reign("{moved}")
        return client.reign("{moved}")

    try:
        assert in_parallel(1, come) != [before]
    finally:
        take_over(old, new)


def take_over(replica, primary):
    """Whoever has no votes within five seconds, as they were given to the other one just before, is told again."""
    with replica.connect() as one, primary.connect() as other:
        told_at = float("-inf")

        def has_taken_over():
            nonlocal told_at
            if one.role()[0] == b"slave" and time.monotonic() - told_at > 6:
                told_at = time.monotonic()
                one.execute_command("CLUSTER FAILOVER")
            return one.role()[0] == b"master" and other.role()[0] == b"slave"

        wait_until(has_taken_over, "the other way round", 30)
        wait_until(lambda: other.info("replication")["master_link_status"] == "up", "the replica")


def test_a_primary_that_dies_is_replaced_within_seconds(shop, nodes):
    """R26, F8: its replica had not heard of the logout, and still nobody believes the session."""
    living, ended = two_sessions(shop)
    primary, replica = home_of(nodes, living)
    with Watch(living, ended).begun() as watch:
        with cut_off(primary, replica):
            assert ended.logout().status == 204
            died = time.monotonic()
            primary.stop()
        wait_until(lambda: sends_again(shop), "messages", BACK_SECONDS)
        print(f"sending again after {time.monotonic() - died:.1f} s")
        assert shop.shopper().register()
    assert watch.said(since=died) == {"living": {200}, "ended": {401}}
    assert watch.slowest < 3


def home_of(nodes, shopper):
    """The primary that remembers a shopper's sessions, and its replica."""
    user = shopper.me().json["id"]
    holding = [pair for pair in zip(nodes.primaries, nodes.replicas, strict=True) if remembers(pair[0], user)]
    assert len(holding) == 1
    return holding[0]


def remembers(node, user):
    with node.connect() as redis:
        return any(user.encode() in key for key in redis.keys("account:*"))
