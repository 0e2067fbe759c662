"""Servers of their own for the faults: what is broken here is nobody else's."""

import pytest

from api.config import read_config
from api.migrate import migrate
from tests.clients import LiveClient
from tests.faults.redis_place import RedisPlace
from tests.faults.wire import Wire
from tests.servers.live import LiveServer
from tests.servers.postgres import PostgresServer
from tests.settings import environment, environment_of
from tests.shopper import Shopper


@pytest.fixture(scope="package")
def postgres(redis_url, instance):
    """A PostgreSQL with the tables in it, each of which may have two MiB."""
    # Started at once after it was stopped at once, it must have what it has acknowledged.
    server = PostgresServer("synchronous_commit=on", file_mebibytes=2)
    with environment_of(environment(instance, server.url, redis_url)):
        migrate(read_config())
    yield server
    server.remove()


@pytest.fixture(scope="package")
def wire(postgres):
    wire = Wire(postgres.socket)
    yield wire
    wire.close()


@pytest.fixture(scope="package")
def shop(wire, redis_url):
    """The real server, at the end of ``wire``, as patient with its database as in production."""
    server = LiveServer(f"postgresql+psycopg://dongbao@127.0.0.1:{wire.port}/postgres", redis_url)
    server.start(DATABASE_TIMEOUT_SECONDS=2)
    yield server
    server.remove()


@pytest.fixture(scope="module")
def place(database_url):
    """The real server, on a Redis that suffers."""
    place = RedisPlace(database_url)
    yield place
    place.remove()


@pytest.fixture
def visitor(shop):
    return shopper_at(shop)


@pytest.fixture(autouse=True)
def nothing_broke(request):
    """Whatever was away, the server's log tells of no defect."""
    if "shop" not in request.fixturenames:
        yield
        return
    shop = request.getfixturevalue("shop")
    before = len(shop.log)
    yield
    said = shop.log[before:]
    assert "internal_error" not in said, said[-3000:]
    assert "Traceback" not in said, said[-3000:]


def shopper_at(server: LiveServer) -> Shopper:
    """Somebody who reads the development inbox of ``server``."""
    client = LiveClient(server.url, timeout_seconds=15)

    def read_inbox():
        messages = client.get("/dev/inbox", headers={"Accept": "application/json"}).json["messages"]
        return [(message["to"], message["code"]) for message in messages if message["code"]]

    return Shopper(client, read_inbox)
