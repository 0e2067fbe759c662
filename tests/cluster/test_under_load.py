"""Nodes that die, are restarted or get other keys while people register and refresh."""

import time

import pytest
from sqlalchemy import func, select

from models import User
from services.jwts import looks_like_jwt
from tests import tokens
from tests.cluster.crowd import Crowd
from tests.faults.load import Load
from tests.parallel import in_parallel
from tests.settings import SECRET
from tests.tokens import NEW_KEY, OLD_KEY, setting_of
from tests.waiting import wait_until

pytestmark = pytest.mark.cluster
NEW = "another-secret-of-the-tests-that-is-long-enough-9876543210"
NGINX_FORGETS_SECONDS = 4  # a connection in vain, then twice the fail_timeout: it goes to the node again


@pytest.mark.everywhere
def test_a_killed_node_costs_its_open_requests_and_nothing_else(shop, engine):
    """R55, F15: no registration is lost, none is made twice; each shopper loses one answer at most."""
    with Crowd(shop) as crowd:
        wait_until(crowd.grows(), "registrations", 30)
        shop.nodes[0].kill()
        wait_until(crowd.grows(), "registrations on the other node", 30)
        shop.nodes[0].start(**shop._settings)
        wait_until(crowd.grows(), "registrations on both", 30)
    assert crowd.broken == []
    assert max(crowd.lost) <= 1, crowd.lost
    assert crowd.burnt == 0
    all_can_log_in(crowd, engine)


BY_ITSDANGEROUS = [({"SECRET_KEYS": keys}, None) for keys in (f"{SECRET},{NEW},{SECRET}", f"{SECRET},{NEW}", NEW)]
# What docs/tokens.md tells to do, and the key of the tokens that are written then.
FIRST, SECOND = setting_of(tokens.OLD), setting_of(tokens.NEW)
TO_JWT_AND_BACK = [
    ({"JWT_KEYS": FIRST}, None),
    ({"JWT_KEYS": FIRST, "TOKEN_FORMAT": "jwt"}, OLD_KEY.kid),
    ({"JWT_KEYS": f"{SECOND},{FIRST}", "TOKEN_FORMAT": "jwt"}, OLD_KEY.kid),
    ({"JWT_KEYS": f"{FIRST},{SECOND}", "TOKEN_FORMAT": "jwt"}, NEW_KEY.kid),
    ({"JWT_KEYS": SECOND, "TOKEN_FORMAT": "jwt"}, NEW_KEY.kid),
    ({"JWT_KEYS": SECOND, "TOKEN_FORMAT": "itsdangerous"}, None),
    ({}, None),
]


@pytest.mark.parametrize("steps", [BY_ITSDANGEROUS, TO_JWT_AND_BACK], ids=["secret keys", "to JWT and back"])
def test_keys_and_formats_change_while_nobody_is_sent_away(shop, steps):
    """No 401, whatever node signed a token and whatever node reads it; a service knows each key before it meets a token of it."""
    shoppers = [shop.shopper() for _ in range(4)]
    for shopper in shoppers:
        shopper.register()
    try:
        with Load(shoppers, shop.balancer) as load:
            for settings, kid in steps:
                known = kids_shown(shop)
                for node in range(2):
                    shop.restart(node, **settings)
                    time.sleep(NGINX_FORGETS_SECONDS)
                asked = len(load.statuses)
                wait_until(lambda: load.broken or len(load.statuses) > asked + 200, "refreshes with these keys", 30)  # noqa: B023
                assert [kid_written(shop, node) for node in range(2)] == [kid, kid]
                assert kid is None or kid in known
    finally:
        for node in range(2):
            shop.restart(node)
    assert load.broken == []
    assert set(load.statuses) == {200}


def kids_shown(shop):
    """The keys that a service would know by now."""
    return {key["kid"] for key in shop.client().get("/.well-known/jwks.json").json["keys"]}


def kid_written(shop, node):
    """The key of the access tokens that a node writes, None where they are no JWTs."""
    token = shop.shopper(shop.client(node)).register()["access_token"]
    return tokens.part(token, 0)["kid"] if looks_like_jwt(token) else None


def all_can_log_in(crowd, engine):
    """Whoever was told that they have an account has one."""
    phones = {shopper.phone for shopper in crowd.registered}
    with engine.connect() as connection:
        rows = connection.execute(select(func.count()).where(User.phone.in_(phones))).scalar_one()
    assert rows == len(phones) == len(crowd.registered)
    in_parallel(8, lambda i: [shopper.login() for shopper in crowd.registered[i::8]])
