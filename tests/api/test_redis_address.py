"""The forms of REDIS_URL, and what a start says to a bad one."""

import pytest
from redis.connection import SSLConnection

from api.bad_setting import BadSetting
from api.config import read_config
from api.redis_address import CLUSTER, ONE, SENTINEL, read_redis_address
from api.redis_check import check_redis
from api.redis_provider import RedisProvider
from tests.servers.process import reserve_port
from tests.servers.redis_cluster import RedisCluster
from tests.settings import environment, environment_of

TLS = {"connection_class": SSLConnection}


@pytest.mark.parametrize(
    ("url", "kind", "hosts", "service", "options"),
    [
        ("redis://:s%40cret@one:6380/2", ONE, (), "", {"host": "one", "port": 6380, "password": "s@cret", "db": 2}),
        (
            "redis+sentinel://accounts:s%40cret@one:26380,two,[::1]:26381/mymaster/3?sentinel_password=other",
            SENTINEL,
            (("one", 26380), ("two", 26379), ("::1", 26381)),
            "mymaster",
            {"username": "accounts", "password": "s@cret", "db": 3, "sentinel_password": "other"},
        ),
        ("redis+sentinel://one/mymaster", SENTINEL, (("one", 26379),), "mymaster", {"db": 0}),
        ("redis+cluster://one:7000,two:7001", CLUSTER, (("one", 7000), ("two", 7001)), "", {}),
        (
            "rediss+cluster://:secret@one?ssl_ca_certs=/ca.pem",
            CLUSTER,
            (("one", 6379),),
            "",
            {"password": "secret", "ssl_ca_certs": "/ca.pem"} | TLS,
        ),
        ("rediss+sentinel://one/mymaster", SENTINEL, (("one", 26379),), "mymaster", {"db": 0} | TLS),
    ],
)
def test_forms(url, kind, hosts, service, options):
    address = read_redis_address("REDIS_URL", url)
    assert (address.kind, address.hosts, address.service, dict(address.options)) == (kind, hosts, service, options)
    assert RedisProvider.from_url(url, 1)


@pytest.mark.parametrize("setting", ["REDIS_URL", "RATELIMIT_STORAGE_URI"])
@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://:hunter2@one:26379",
        "redis+sentinel://:hunter2@one:26379/mymaster/three",
        "redis+sentinel:///mymaster",
        "redis+cluster://:hunter2@one:7000/mymaster",
        "redis+cluster://:hunter2@one:7000,two:99999",
        "redis+cluster://one,,two",
        "rediss+cluster://:hunter2@one?socket_timeout=soon",
        "redis://:hunter2@one:99999",
    ],
)
def test_a_bad_form_is_told_with_the_good_ones_and_without_the_password(instance, setting, url):
    places = {"REDIS_URL": "redis://one"} | {setting: url}
    with (
        environment_of(environment(instance, "sqlite://", places.pop("REDIS_URL"), **places)),
        pytest.raises(BadSetting, match=f"{setting} can't be read.*redis\\+cluster://") as told,
    ):
        read_config()
    assert "hunter2" not in str(told.value)


@pytest.mark.parametrize("form", ["redis+sentinel://127.0.0.1:{}/mymaster", "redis+cluster://127.0.0.1:{}"])
def test_where_nobody_answers_the_start_says_so(config_with, form):
    with reserve_port() as held, pytest.raises(BadSetting, match="REDIS_URL does not answer"):
        check_redis(config_with(form.format(held.getsockname()[1])))


def test_a_node_of_a_cluster_is_no_redis_of_its_own(config_with):
    """A part of the keys would be missing, a request later."""
    cluster = RedisCluster(primaries=1)
    try:
        check_redis(config_with(cluster.url))
        with pytest.raises(BadSetting, match=r"REDIS_URL is a node of a Cluster.*redis\+cluster://"):
            check_redis(config_with(f"redis://127.0.0.1:{cluster.primaries[0].port}"))
    finally:
        cluster.remove()


@pytest.fixture
def config_with(instance):
    def read(redis_url):
        with environment_of(environment(instance, "sqlite://", redis_url)):
            return read_config()

    return read
