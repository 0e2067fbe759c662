"""Mails and links of many at once, against two worker processes."""

from collections import Counter

import pytest

from tests.clients import LiveClient
from tests.letters import Letters
from tests.mails.postbox import Postbox
from tests.parallel import in_parallel
from tests.races.crowd import settled, tickets_of, told_apart
from tests.shopper import new_username
from tests.waiting import wait_until

SHOPPERS = 24
LI = "li.si@example.com"


@pytest.fixture
def postbox():
    box = Postbox()
    yield box
    box.stop()


def verify(live, token):
    reply = settled(lambda: LiveClient(live.url).post("/v1/email/verify", json={"token": token}))
    return reply.status, reply.json.get("code")


def register_at_once(shopper, addresses):
    """The access token of each of these new accounts."""
    forms = [
        shopper.form(ticket, username=new_username(), email=address)
        for ticket, address in zip(tickets_of(shopper, len(addresses)), addresses, strict=True)
    ]
    replies = in_parallel(len(forms), lambda i: settled(lambda: shopper.client.post("/v1/register", json=forms[i])))
    return [reply.json["access_token"] for reply in replies]


@pytest.mark.mysql
def test_every_newcomer_gets_one_mail_from_a_slow_server(live, live_shopper, postbox):
    """Both processes send, and each notice is sent by one."""
    live.restart(MAIL_URL=f"smtp://127.0.0.1:{postbox.port}", MAIL_FROM="no-reply@shop.example")
    postbox.delay = 0.05
    register_at_once(live_shopper, [f"li{i}@example.com" for i in range(SHOPPERS)])
    wait_until(lambda: len(postbox.mails) >= SHOPPERS, "all mails")
    assert set(Counter(to for to, _ in postbox.mails).values()) == {1}
    assert "@example.com" not in live.log.replace("****@example.com", "")


@pytest.mark.mysql
def test_one_link_in_many_hands_is_used_once(live, live_shopper, live_letters):
    live_shopper.register(email=LI)
    token = live_letters.wait_for(LI).token
    replies = in_parallel(40, lambda _: verify(live, token))
    assert Counter(replies) == {(200, None): 1, (410, "ticket_expired"): 39}


@pytest.mark.mysql
@pytest.mark.settings(MAIL_VERIFY_PER_DAY=0)
def test_of_many_who_verify_one_address_one_has_it(live, live_shopper, live_client):
    rivals = register_at_once(live_shopper, [LI] * 20)
    letters = Letters(live_client)
    letters.wait_for(LI, count=20)
    tokens = [letter.token for letter in letters.all(LI)]
    replies = in_parallel(20, lambda i: verify(live, tokens[i]))
    assert Counter(replies) == {(200, None): 1, (409, "email_taken"): 19}
    assert [live_shopper.me(rival).json["email_verified"] for rival in rivals].count(True) == 1


@pytest.mark.mysql
@pytest.mark.settings(
    LIMIT_EMAIL_PER_ACCOUNT="1000/minute", LIMIT_LOGIN_PER_ACCOUNT="1000/minute", MAIL_VERIFY_PER_DAY=0
)
def test_of_many_changes_at_once_the_newest_link_alone_is_good(live, live_shopper, live_letters):
    live_shopper.register(email="wang@example.com")
    body = {"email": LI, "current_password": live_shopper.password}

    def change(_):
        client = LiveClient(live.url)
        return settled(lambda: client.put("/v1/me/email", json=body, token=live_shopper.access_token))

    assert told_apart(in_parallel(20, change)) == {"202": 20}
    live_letters.wait_for(LI, count=20)
    replies = [verify(live, letter.token) for letter in live_letters.all(LI)]
    assert Counter(replies) == {(200, None): 1, (410, "ticket_expired"): 19}
