"""A PostgreSQL that is started again while people register: they wait, and nothing of theirs is used up."""

import pytest
from sqlalchemy import create_engine

from api.config import read_config
from api.migrate import migrate
from tests.cluster.crowd import Crowd
from tests.cluster.shop import Shop
from tests.cluster.test_under_load import all_can_log_in
from tests.servers.postgres import PostgresServer
from tests.settings import environment, environment_of
from tests.waiting import wait_until

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def postgres(redis_url, instance):
    # Started at once after it was stopped at once, it must have what it has acknowledged.
    server = PostgresServer("synchronous_commit=on")
    with environment_of(environment(instance, server.url, redis_url)):
        migrate(read_config())
    yield server
    server.remove()


@pytest.fixture(scope="module")
def shop(postgres, redis_url):
    shop = Shop(postgres.url, redis_url)
    yield shop
    shop.remove()


@pytest.mark.everywhere
def test_a_primary_that_is_restarted_burns_no_code_and_no_ticket(shop, postgres):
    """F14: each shopper goes on with the code and the ticket that they have; no answer is lost, none takes long."""
    waiting = shop.shopper()
    sms_id, ticket = waiting.send_code(), shop.shopper().prove()
    code = waiting.last_code()
    with Crowd(shop) as crowd:
        wait_until(crowd.grows(), "registrations", 30)
        postgres.stop()
        wait_until(lambda: waiting.fill_in(ticket).status == 503, "the outage")
        postgres.start()
        wait_until(crowd.grows(), "registrations after the restart", 30)
    assert crowd.broken == []
    assert crowd.burnt == 0
    assert sum(crowd.lost) == 0
    assert sum(caller.unavailable for caller in crowd.callers) > 0
    assert waiting.verify(sms_id, code).status == 200
    assert waiting.fill_in(ticket).status == 201
    all_can_log_in(crowd, create_engine(postgres.url))
