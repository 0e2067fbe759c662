"""Several nodes are one shop: each knows at once what another did."""

import pytest

from services.jwts import looks_like_jwt
from tests.parallel import in_parallel
from tests.tokens import OLD, both_formats, setting_of

pytestmark = pytest.mark.cluster


@pytest.fixture
def writing(shop, token_format):
    """The shop, with access tokens in either form."""
    if token_format == "itsdangerous":
        yield shop
        return
    for node in range(2):
        shop.restart(node, TOKEN_FORMAT=token_format, JWT_KEYS=setting_of(OLD))
    yield shop
    for node in range(2):
        shop.restart(node)


@both_formats
def test_a_visit_may_change_nodes_with_every_request(writing, token_format):
    """The code of one node is redeemed at the other, its ticket at the first, and the session is known to both."""
    shop = writing
    one, other = shop.shopper(shop.client(0)), shop.client(1)
    sms_id = one.send_code()
    ticket = one.on(other).verify(sms_id, one.last_code()).json["ticket"]
    made = one.fill_in(ticket)
    assert made.status == 201
    assert looks_like_jwt(made.json["access_token"]) == (token_format == "jwt")
    assert one.on(other).me(made.json["access_token"]).json["username"] == one.username
    moved = one.on(other).refresh(made.json["refresh_token"])
    assert one.me(moved["access_token"]).status == 200
    assert one.on(shop.client()).login()


def test_a_logout_on_one_node_holds_on_the_other_at_the_next_request(shop):
    """R26: though the other remembered the session, many times over."""
    shopper = shop.shopper(shop.client(0))
    shopper.register()
    elsewhere = shopper.on(shop.client(1))
    for _ in range(10):
        shopper.login()
        token = shopper.access_token
        assert {elsewhere.me(token).status for _ in range(5)} == {200}
        assert shopper.logout(token).status == 204
        assert elsewhere.me(token).code == "session_revoked"


def test_a_cooldown_and_a_used_code_hold_on_both(shop):
    one, other = shop.shopper(shop.client(0)), shop.client(1)
    sms_id = one.send_code()
    assert one.on(other).ask_for_code().code == "sms_cooldown"
    code = one.last_code()
    said = in_parallel(8, lambda i: one.on(shop.client(i % 2)).verify(sms_id, code).status)
    assert said.count(200) == 1


def test_a_limit_is_that_of_all_nodes(shop):
    """Five of ten come to each; and the balancer says whom they count for."""

    def look(client):
        return client.get("/v1/register/availability", query={"username": "somebody"}).status

    assert [look(shop.client(i % 2, address="198.51.100.7")) for i in range(10)] == [200] * 6 + [429] * 4
    assert [look(shop.client()) for _ in range(8)] == [200] * 6 + [429] * 2
