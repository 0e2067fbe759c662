"""The address of an account: verified by a mailed link, changed with fresh proof."""

import pytest
from sqlalchemy import select

from mail.smtp import SmtpSettings
from models import SecurityEvent
from tests.clients import InProcessClient
from tests.gateways.sockets import refusing
from tests.letters import Letters
from tests.mails.conftest import SENDER

DAY = 86400
LI, WANG, LONG = "li.si@example.com", "wang.wu@example.com", f"li@{'d' * 60}.{'d' * 60}.{'d' * 60}.{'d' * 60}.com"


def change(shopper, email, **proof):
    body = {"email": email} | (proof or {"current_password": shopper.password})
    return shopper.client.put("/v1/me/email", json=body, token=shopper.access_token)


def verify(client, token):
    return client.post("/v1/email/verify", json={"token": token})


def use(letters, client, email, count=1):
    """Follow the newest link to an address."""
    reply = verify(client, letters.wait_for(email, "verify_email", count).token)
    assert reply.status == 200, reply.body
    return reply


def refused(reply):
    return reply.status, reply.code


def address(shopper):
    profile = shopper.me().json
    return profile["email"], profile["email_verified"]


def test_a_newcomer_verifies_the_address_and_logs_in_by_it(shopper, letters, client):
    shopper.register(email=LI)
    assert address(shopper) == (LI, False)
    assert shopper.try_login(LI).status == 401
    letter = letters.wait_for(LI, "verify_email")
    assert letter.link.startswith("http://127.0.0.1:5000/verify-email#token=")
    assert letter.link in letter.text
    assert verify(client, letter.token).json == {"email": LI, "email_verified": True}
    assert address(shopper) == (LI, True)
    shopper.login(LI.upper())


def test_the_mail_is_in_the_language_of_the_form(shopper, letters):
    shopper.client.language = "zh-CN"
    shopper.register(email=LI)
    letter = letters.wait_for(LI)
    assert letter.subject == "请验证您的邮箱"
    assert "北京时间" in letter.text


def test_links_lead_to_the_site_and_not_to_what_a_request_names(make_app, make_shopper, engine):
    client = InProcessClient(make_app(public_url="https://mall.example/shop"))
    shopper = make_shopper(client)
    names = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Origin": "https://evil.example"}
    client.post("/v1/register", json=shopper.form(shopper.prove(), email=LI), headers=names)
    assert Letters(client, engine).wait_for(LI).link.startswith("https://mall.example/shop/verify-email#token=")


def test_a_registration_that_fails_mails_nothing(shopper, letters):
    shopper.register()
    other = shopper.another()
    assert other.fill_in(other.prove(), email=LI, username=shopper.username).status == 409
    assert letters.settled(LI) == []


def test_a_link_is_good_once(shopper, letters, client):
    shopper.register(email=LI)
    token = letters.wait_for(LI).token
    assert verify(client, token).status == 200
    assert refused(verify(client, token)) == (410, "ticket_expired")


def test_a_link_is_good_for_a_day(shopper, letters, client, clock):
    shopper.register(email=LI)
    token = letters.wait_for(LI).token
    clock.advance(DAY + 1)
    assert refused(verify(client, token)) == (410, "ticket_expired")
    shopper.login()
    assert change(shopper, LI).status == 202
    fresh = letters.wait_for(LI, count=2).token
    clock.advance(DAY - 1)
    assert verify(client, fresh).status == 200


@pytest.mark.parametrize("bend", [str.upper, lambda token: token + "=", lambda token: token[:-1], lambda _: "no-token"])
def test_a_bent_link_is_no_link_and_spoils_nothing(shopper, letters, client, bend):
    shopper.register(email=LI)
    token = letters.wait_for(LI).token
    assert refused(verify(client, bend(token))) == (422, "ticket_invalid")
    assert verify(client, token).status == 200


def test_tokens_of_other_kinds_are_no_links(shopper, client):
    """R28: nothing but a mailed link verifies an address."""
    session = shopper.register()
    for token in (session["access_token"], session["refresh_token"], shopper.another().prove()):
        assert refused(verify(client, token)) == (422, "ticket_invalid")


def test_an_unverified_address_is_replaced_at_once_its_link_is_void_and_the_phone_is_told(shopper, letters, client):
    """Where no address is verified, one that a thief sets would get all that the owner is told from then on."""
    shopper.register(email=LI)
    old = letters.wait_for(LI).token
    reply = change(shopper, WANG)
    assert (reply.status, reply.json) == (202, {"email": WANG, "expires_in": DAY})
    assert address(shopper) == (WANG, False)
    use(letters, client, WANG)
    assert refused(verify(client, old)) == (410, "ticket_expired")
    assert address(shopper) == (WANG, True)
    (told,) = letters.settled(kind="email_changing")
    assert (told.to, "w****@example.com" in told.text, WANG in told.text) == (shopper.phone, True, False)


def test_a_verified_address_stays_and_is_told_until_the_new_one_is_verified(shopper, letters, client):
    shopper.register(email=LI)
    use(letters, client, LI)
    assert change(shopper, WANG).status == 202
    assert address(shopper) == (LI, True)
    told = letters.wait_for(LI, "email_changing")
    assert "w****@example.com" in told.text
    assert WANG not in told.text
    shopper.login(LI)
    use(letters, client, WANG)
    assert address(shopper) == (WANG, True)
    assert shopper.try_login(LI).status == 401
    shopper.login(WANG)


def test_the_same_address_again_brings_a_fresh_link_and_voids_the_first(shopper, letters, client):
    shopper.register(email=LI)
    first = letters.wait_for(LI).token
    assert change(shopper, LI).status == 202
    second = letters.wait_for(LI, count=2).token
    assert refused(verify(client, first)) == (410, "ticket_expired")
    assert verify(client, second).status == 200
    assert change(shopper, LI).status == 202
    assert address(shopper) == (LI, True)
    assert letters.settled(kind="email_changing") == []


def test_a_code_is_fresh_proof_too_and_no_proof_is_none(shopper, letters, pass_time):
    """R30: an access token alone changes no address."""
    shopper.register(email=LI)
    bare = shopper.client.put("/v1/me/email", json={"email": WANG}, token=shopper.access_token)
    assert refused(bare) == (403, "reauthentication_required")
    assert refused(change(shopper, WANG, current_password="wrong password")) == (403, "reauthentication_required")
    pass_time(60)
    sms_id = shopper.send_code("confirm")
    assert refused(change(shopper, WANG, sms_id=sms_id, code=shopper.wrong_code())) == (422, "code_incorrect")
    assert address(shopper) == (LI, False)
    assert letters.settled(WANG) == []
    assert change(shopper, WANG, sms_id=sms_id, code=shopper.last_code()).status == 202


def test_an_address_that_another_has_verified_is_taken_and_the_code_stays_good(shopper, letters, client, pass_time):
    shopper.register(email=LI)
    use(letters, client, LI)
    other = shopper.another()
    other.register(email=WANG)
    pass_time(60)
    sms_id = other.send_code("confirm")
    proof = {"sms_id": sms_id, "code": other.last_code()}
    assert refused(change(other, LI.upper(), **proof)) == (409, "email_taken")
    assert address(other) == (WANG, False)
    assert change(other, "other@example.com", **proof).status == 202


def test_of_two_who_name_one_address_the_first_to_verify_has_it(shopper, letters, client):
    shopper.register(email=LI)
    mine = letters.wait_for(LI).token
    other = shopper.another()
    other.register(email="LI.SI@example.com")
    theirs = letters.wait_for("LI.SI@example.com").token
    assert verify(client, theirs).status == 200
    for _ in range(2):
        assert refused(verify(client, mine)) == (409, "email_taken")
    assert address(shopper) == (LI, False)
    assert change(other, WANG).status == 202
    use(letters, client, WANG)
    assert verify(client, mine).status == 200


def test_a_change_of_the_password_ends_what_was_asked_for_with_the_old_one(shopper, letters, client, rows):
    shopper.register(email=LI)
    use(letters, client, LI)
    assert change(shopper, WANG).status == 202
    token = letters.wait_for(WANG).token
    rows.set_user(shopper.phone, credential_version=2)
    assert refused(verify(client, token)) == (410, "ticket_expired")


def test_the_link_of_the_registration_outlives_a_change_of_the_password(shopper, letters, client, rows):
    shopper.register(email=LI)
    rows.set_user(shopper.phone, credential_version=2)
    use(letters, client, LI)


@pytest.mark.parametrize(("status", "answer"), [("disabled", 410), ("erased", 410), ("closing", 200)])
def test_an_account_that_is_no_more_verifies_nothing(shopper, letters, client, rows, status, answer):
    shopper.register(email=LI)
    token = letters.wait_for(LI).token
    rows.set_user(shopper.phone, status=status)
    assert verify(client, token).status == answer


def test_what_happened_is_on_record_without_the_address(shopper, letters, client, engine):
    shopper.register(email=LI)
    use(letters, client, LI)
    change(shopper, WANG)
    query = select(SecurityEvent.type, SecurityEvent.detail).order_by(SecurityEvent.id)
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(query)]
    assert found == [
        ("registered", None),
        ("email_verified", "l****@example.com"),
        ("email_change_requested", "w****@example.com"),
    ]


def test_links_are_asked_for_five_times_an_hour(shopper, letters, client):
    shopper.register(email=LI)
    replies = [change(shopper, f"li{i}@example.com").status for i in range(6)]
    assert replies == [202] * 5 + [429]
    other = shopper.another()
    other.register(email=WANG)
    assert change(other, WANG).status == 202


def test_nobody_fills_a_stranger_s_mailbox(shopper, letters):
    for _ in range(3):
        thief = shopper.another()
        thief.register(email=LI)
        assert [change(thief, LI).status for _ in range(3)] == [202] * 3
    assert len(letters.settled(LI)) == 5


def test_the_longest_address_can_be_had(shopper, letters, client):
    shopper.register(email=WANG)
    assert len(LONG) <= 254
    assert change(shopper, LONG).status == 202
    use(letters, client, LONG)
    assert change(shopper, LI).status == 202
    letters.wait_for(LONG, "email_changing")


def test_a_mailbox_that_is_away_fails_no_registration(make_app, make_shopper):
    with refusing() as there:
        smtp = SmtpSettings("127.0.0.1", int(there.rpartition(":")[2]), SENDER)
        shopper = make_shopper(InProcessClient(make_app(smtp=smtp)))
        shopper.register(email=LI)
        assert change(shopper, WANG).status == 202
        assert shopper.me().status == 200
