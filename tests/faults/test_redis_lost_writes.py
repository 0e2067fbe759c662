"""A replica takes over that has not heard of a code's use: what the code can do a second time, the database decides."""

import pytest

from tests.changes import NEW_PASSWORD, change_password, change_phone, reset
from tests.shopper import new_phone, new_username


class Replica:
    """Has the keys of phones as they were when it heard of them last."""

    def __init__(self, redis):
        self._redis = redis
        self._heard = {}

    def hears(self):
        self._heard = {key: (max(self._redis.pttl(key), 0), self._redis.dump(key)) for key in self._keys()}

    def takes_over(self):
        now = {key: self._redis.dump(key) for key in self._keys()}
        assert now != {key: value for key, (_, value) in self._heard.items()}, "nothing was lost"
        for key in now:
            self._redis.delete(key)
        for key, (milliseconds, value) in self._heard.items():
            self._redis.restore(key, milliseconds, value)

    def _keys(self):
        return self._redis.keys("sms:*")


@pytest.fixture
def replica(redis):
    return Replica(redis)


@pytest.fixture
def shopper(make_shopper, make_app):
    """Of a site where phones get one message after the other."""
    return make_shopper(make_app(sms_cooldown_seconds=0))


@pytest.fixture
def registered(shopper):
    shopper.register()
    return shopper


def events(registered, rows, kind):
    """How often it happened to the account."""
    return rows.events(rows.user(registered.phone)["id"]).count(kind)


def two_tickets(shopper, replica, purpose):
    """Both for one code, whose first use was lost; and the code, its second use lost as well."""
    sms_id, code = shopper.send_code(purpose), shopper.last_code()
    replica.hears()
    tickets = []
    for _ in range(2):
        tickets.append(shopper.verify(sms_id, code).json["ticket"])
        assert shopper.verify(sms_id, code).code == "code_expired"
        replica.takes_over()
    return *tickets, (sms_id, code)


def test_a_code_that_is_used_again_registers_once(shopper, replica, rows):
    """R21, F7: of both tickets one makes the account, and a third use of the code finds it."""
    first, second, code = two_tickets(shopper, replica, "register")
    assert shopper.fill_in(first).status == 201
    assert shopper.fill_in(second, username=new_username()).code == "phone_registered"
    assert shopper.verify(*code).code == "phone_registered"
    assert rows.users() == 1


def test_a_code_that_is_used_again_resets_once(registered, replica, rows):
    """R18, F7: of both tickets one sets the password; another reset needs the code once more."""
    first, second, code = two_tickets(registered, replica, "reset_password")
    assert reset(registered, first).status == 204
    assert reset(registered, second, "a third horse battery").code == "ticket_expired"
    assert registered.try_login(password=NEW_PASSWORD).status == 200
    assert events(registered, rows, "password_reset") == 1
    assert reset(registered, registered.verify(*code).json["ticket"], "a third horse battery").status == 204
    assert registered.verify(*code).code == "code_expired"


def test_a_login_code_that_is_used_again_opens_a_session_that_its_owner_sees(registered, replica):
    """F7: the account's list has both."""
    before = len(registered.sessions())
    sms_id, code = registered.send_code("login"), registered.last_code()
    replica.hears()
    assert registered.try_login_by_code(sms_id, code).status == 200
    assert registered.try_login_by_code(sms_id, code).code == "code_expired"
    replica.takes_over()
    assert registered.try_login_by_code(sms_id, code).status == 200
    assert len(registered.sessions()) == before + 2


def test_a_code_that_is_used_again_changes_the_phone_once(registered, replica, rows):
    """F7: the number has an owner by then."""
    phone = new_phone()
    sms_id = registered.send_code("change_phone", phone)
    code = registered.last_code(phone)
    replica.hears()
    assert change_phone(registered, sms_id, code).status == 200
    assert change_phone(registered, sms_id, code).code == "code_expired"
    replica.takes_over()
    assert change_phone(registered, sms_id, code).code == "phone_registered"
    registered.phone = phone
    assert events(registered, rows, "phone_changed") == 1


def test_a_proof_that_is_used_again_is_of_use_to_the_session_that_used_it_alone(registered, replica, rows):
    """R27, F7: tokens from before the change are good for nothing, whatever Redis forgot."""
    elsewhere = registered.on(registered.client)
    registered.login()
    proof = {"sms_id": registered.send_code("confirm"), "code": registered.last_code()}
    replica.hears()
    changed = change_password(registered, NEW_PASSWORD, **proof)
    assert changed.status == 200
    replica.takes_over()
    for before in (registered, elsewhere):
        assert change_password(before, "a third horse battery", **proof).code == "session_revoked"
    assert events(registered, rows, "password_changed") == 1
    registered.access_token = changed.json["access_token"]
    assert change_password(registered, "a third horse battery", **proof).status == 200
