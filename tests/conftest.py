"""The fixtures; tests/README.md lists them."""

import shutil
from collections import ChainMap
from dataclasses import fields, replace
from functools import cache

import pytest
from sqlalchemy import MetaData, NullPool, create_engine

from api.app import create_app
from api.config import read_config
from api.config_sms import SmsConfig
from api.migrate import migrate
from sms.memory import MemoryGateway
from tests.clients import Client, InProcessClient, LiveClient
from tests.letters import Letters
from tests.rows import Rows
from tests.secrecy import (
    ATTEMPT,
    KEPT_NOWHERE,
    SEEN,
    TAP,
    lying_in,
    lying_in_redis,
    lying_in_rows,
)
from tests.servers.live import LiveServer
from tests.servers.mariadb import MariadbServer
from tests.servers.postgres import PostgresServer
from tests.servers.process import temporary_folder
from tests.servers.redis import RedisServer
from tests.servers.redis_cluster import RedisCluster, connect
from tests.settings import environment, environment_of
from tests.shopper import Shopper
from tests.timetravel import HandTurnedClock, age_redis

SMS_FIELDS = {field.name for field in fields(SmsConfig)}
DEFAULT_FORMAT = "itsdangerous"
DATABASE_SERVERS = {"postgresql": PostgresServer, "mysql": MariadbServer}
# The user of deploy/ may not read all keys.
ASIDE = "redis://accounts:"


def pytest_addoption(parser):
    parser.addoption("--redis", choices=("one", "cluster"), default="one", help="one server, or three of a cluster")
    parser.addoption(
        "--database", choices=("sqlite", "postgresql", "mysql"), default="sqlite", help="where rows are kept"
    )
    parser.addoption("--rows-only", action="store_true", help="leave out what another database says nothing new of")


def pytest_collection_modifyitems(config, items):
    """A second database has nothing new to say of tests that never ask it, or ask it nothing particular."""
    if config.getoption("--rows-only"):
        config.hook.pytest_deselected(items=[item for item in items if not _is_about_rows(item)])
        items[:] = filter(_is_about_rows, items)


def _is_about_rows(item):
    return "database_url" in item.fixturenames and not item.get_closest_marker("one_database")


def pytest_configure(config):
    config.addinivalue_line("markers", "one_database: what every database says alike, and `--rows-only` leaves out")
    config.addinivalue_line("markers", "settings: with what settings the live server is to run")
    config.addinivalue_line("markers", "cluster: several nodes, Sentinels, clusters; `make test-cluster` runs them")
    config.addinivalue_line("markers", "everywhere: of those the quick ones, which `make test` runs too")
    config.addinivalue_line("markers", "mysql: what `make test` runs on MariaDB too: registration, uniqueness, races")


@pytest.fixture(scope="session")
def redis_url(pytestconfig):
    server = RedisCluster() if pytestconfig.getoption("redis") == "cluster" else RedisServer()
    yield server.url
    server.remove()


@pytest.fixture(scope="session")
def instance():
    folder = temporary_folder("instance")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def database_url(pytestconfig, instance, redis_url):
    """The chosen database, created and migrated by api.migrate."""
    chosen = pytestconfig.getoption("database")
    server = DATABASE_SERVERS[chosen]() if chosen in DATABASE_SERVERS else None
    url = server.url if server else f"sqlite:///{instance / 'dongbao.sqlite3'}"
    with environment_of(environment(instance, url, redis_url)):
        migrate(read_config())
    yield url
    if server:
        server.remove()


@pytest.fixture(scope="session")
def engine(database_url):
    """A way to the rows beside the app."""
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def tables(engine):
    """The tables as the database has them, those with foreign keys last."""
    metadata = MetaData()
    metadata.reflect(engine)
    return [table for table in metadata.sorted_tables if table.name != "alembic_version"]


@pytest.fixture
def rows(engine):
    return Rows(engine)


@pytest.fixture(autouse=True)
def clean(request, token_format):
    """Before each test: an empty Redis, empty tables and a server with the test's settings, where the test has them."""
    if "redis_url" in request.fixturenames:
        with connect(request.getfixturevalue("redis_url")) as redis:
            redis.flushall()
    if "database_url" in request.fixturenames:
        _empty(request.getfixturevalue("engine"), request.getfixturevalue("tables"))
    if "live" in request.fixturenames:
        wanted = [marker.kwargs for marker in request.node.iter_markers("settings")]
        written = {"TOKEN_FORMAT": token_format} if token_format != DEFAULT_FORMAT else {}
        request.getfixturevalue("live").have(**dict(ChainMap(*wanted, written)))


@pytest.fixture(autouse=True)
def nothing_lies_about(request, clean):
    """R7: after each test, no secret that its clients saw is in a Redis, in a row or in a log, whichever servers there are."""
    SEEN.begin(request.node.nodeid)
    before = len(TAP.lines)
    for server in LiveServer.all:
        server.look_from_now()
    yield
    if SEEN.of_this_test:
        lies = lying_in(b"".join(TAP.lines[before:]).decode(), (*KEPT_NOWHERE, ATTEMPT))
        lies += [lie for server in LiveServer.all for lie in server.lies()]
        for url in _places_of(request, "redis_url"):
            with connect(url) as redis:
                lies += lying_in_redis(redis)
        for url in _places_of(request, "database_url"):
            lies += lying_in_rows(*_rows_of(url))
        assert lies == []


def _places_of(request, name):
    """Where this test's apps, and the servers that run, keep what they keep."""
    own = [request.getfixturevalue(name)] if name in request.fixturenames else []
    return {url for url in (*own, *(getattr(server, name) for server in LiveServer.all)) if not url.startswith(ASIDE)}


@cache
def _rows_of(url):
    """A way to the rows that keeps no connection, and the tables."""
    engine = create_engine(url, poolclass=NullPool)
    metadata = MetaData()
    metadata.reflect(engine)
    return engine, metadata.sorted_tables


def _empty(engine, tables):
    with engine.begin() as connection:
        for table in reversed(tables):
            connection.execute(table.delete())


@pytest.fixture
def redis(redis_url):
    with connect(redis_url) as client:
        yield client


@pytest.fixture
def token_format():
    """How access tokens are written; ``tests.tokens.both_formats`` runs a test on each way."""
    return DEFAULT_FORMAT


@pytest.fixture
def config(instance, database_url, redis_url, token_format):
    with environment_of(environment(instance, database_url, redis_url, TOKEN_FORMAT=token_format)):
        return read_config()


@pytest.fixture
def clock():
    return HandTurnedClock()


@pytest.fixture
def pass_time(clock, redis):
    """Let seconds pass for the app and for Redis together."""

    def wait(seconds: float):
        clock.advance(seconds)
        age_redis(redis, seconds)

    return wait


@pytest.fixture
def gateway():
    return MemoryGateway()


@pytest.fixture
def make_app(config, clock, gateway):
    """Make apps; a change in capitals is a limit, any other a field of Config or of its ``sms``, ``clock``, ``gateway`` or ``gateways``."""
    apps = []

    def make(**changes):
        gateways = changes.pop("gateways", [changes.pop("gateway", gateway)])
        parts = {"clock": changes.pop("clock", clock), "gateways": gateways}
        limits = {name: changes.pop(name) for name in list(changes) if name.isupper()}
        of_sms = {name: changes.pop(name) for name in list(changes) if name in SMS_FIELDS}
        sms = replace(config.sms, **of_sms)
        app = create_app(replace(config, sms=sms, limits=config.limits | limits, **changes), **parts)
        apps.append(app)
        return app

    yield make
    for app in apps:
        app.extensions["dongbao"].database.engine.dispose()
        app.extensions["dongbao"].redis.close()


@pytest.fixture
def client(make_app):
    return InProcessClient(make_app())


@pytest.fixture
def make_shopper(gateway):
    """A shopper over another app or client."""

    def make(place, phone=None):
        client = place if isinstance(place, Client) else InProcessClient(place)
        return Shopper(
            client,
            lambda: [(message.to, message.code) for message in reversed(gateway.messages) if message.code],
            phone,
        )

    return make


@pytest.fixture
def shopper(make_shopper, client):
    return make_shopper(client)


@pytest.fixture
def letters(client, engine, gateway):
    """The notices of ``client``'s app."""
    return Letters(client, engine, gateway)


@pytest.fixture(scope="session")
def live(database_url, redis_url):
    """The real server; each test finds it running with the settings of its marker, or with its defaults."""
    server = LiveServer(database_url, redis_url)
    yield server
    server.remove()


@pytest.fixture
def live_client(live):
    return LiveClient(live.url)


@pytest.fixture
def live_shopper(live_client):
    def read_inbox():
        messages = live_client.get("/dev/inbox", headers={"Accept": "application/json"}).json["messages"]
        return [(message["to"], message["code"]) for message in messages if message["code"]]

    return Shopper(live_client, read_inbox)


@pytest.fixture
def live_letters(live_client, engine):
    return Letters(live_client, engine)
