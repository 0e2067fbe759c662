"""New devices: the owner is told of each, once, and nobody can make a flood of it."""

import pytest
from sqlalchemy import delete, func, select

from models import Device, Notice
from tests.clients import InProcessClient
from tests.waiting import wait_until

PHONE, LAPTOP = (
    "DongbaoApp/3.2 (iPhone; iOS 18.1)",
    "Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0",
)


@pytest.fixture
def registered(shopper):
    shopper.register()
    return shopper


@pytest.fixture
def notices(engine):
    """The channels of the notices of new devices, in the order of their making."""

    def read():
        with engine.connect() as connection:
            made = select(Notice.channel).where(Notice.kind == "new_device").order_by(Notice.id)
            return list(connection.scalars(made))

    return read


@pytest.fixture
def devices(engine):
    """The names of all devices, the oldest first."""

    def read():
        with engine.connect() as connection:
            return list(connection.scalars(select(Device.name).order_by(Device.first_seen_at, Device.name)))

    return read


def login_from(shopper, agent, password=None):
    body = {"account": shopper.username, "password": password or shopper.password}
    return shopper.client.post("/v1/login", json=body, headers={"User-Agent": agent})


def test_the_owner_is_told_of_a_new_device_once(registered, notices, devices):
    assert notices() == []
    for agent in (PHONE, LAPTOP, PHONE, PHONE.replace("3.2", "3.3")):
        assert login_from(registered, agent).status == 200
    assert notices() == ["sms", "sms"]
    assert set(devices()) == {"Werkzeug", "DongbaoApp on iPhone", "Firefox on Linux"}


def test_the_device_that_registered_is_known(registered, notices, pass_time):
    registered.login()
    pass_time(61)
    registered.login_by_code()
    assert notices() == []


def test_a_login_by_code_counts_too(registered, notices, pass_time):
    pass_time(61)
    sms_id = registered.send_code("login")
    body = {"sms_id": sms_id, "code": registered.last_code()}
    assert registered.client.post("/v1/login", json=body, headers={"User-Agent": PHONE}).status == 200
    assert notices() == ["sms"]


def test_a_verified_address_is_told_by_mail(registered, rows, notices):
    rows.verify_email(registered.phone, "shopper@example.com")
    login_from(registered, PHONE)
    assert notices() == ["mail"]


def test_a_refused_login_tells_nobody(registered, rows, notices, devices):
    assert login_from(registered, PHONE, "wrong password").status == 401
    rows.set_user(registered.phone, status="disabled")
    assert login_from(registered, LAPTOP).status == 401
    assert notices() == []
    assert devices() == ["Werkzeug"]


def test_the_first_device_of_an_account_is_no_news(registered, engine, notices, devices):
    """Accounts that are older than the table have none."""
    with engine.begin() as connection:
        connection.execute(delete(Device))
    login_from(registered, PHONE)
    assert (notices(), devices()) == ([], ["DongbaoApp on iPhone"])
    login_from(registered, LAPTOP)
    assert notices() == ["sms"]


def test_random_user_agents_fill_nothing_and_cost_five_messages_a_day(registered, clock, notices, devices):
    for i in range(55):
        clock.advance(seconds=1)
        assert login_from(registered, f"attacker-{i}/1.0").status == 200
    assert notices() == ["sms"] * 5
    assert devices() == [f"attacker-{i}" for i in range(5, 55)]
    clock.advance(seconds=86400)
    login_from(registered, PHONE)
    assert notices() == ["sms"] * 6


def test_the_message_says_when_where_and_on_what(make_app, make_shopper, gateway, engine):
    app = make_app()
    shopper = make_shopper(InProcessClient(app, address="203.0.113.7"))
    shopper.register()
    login_from(shopper, PHONE)
    app.extensions["dongbao"].notices.send_due()
    told = [message for message in _wait_for_notices(engine, gateway) if message.purpose == "new_device"]
    assert len(told) == 1
    assert told[0].to == shopper.phone
    assert "DongbaoApp on iPhone" in told[0].text
    assert "203.0.113.7" in told[0].text


def _wait_for_notices(engine, gateway):
    """The messages, once all notices are sent by whichever thread has claimed them."""
    unsent = select(func.count()).select_from(Notice).where(Notice.sent_at.is_(None))

    def all_sent():
        with engine.connect() as connection:
            return connection.scalar(unsent) == 0

    wait_until(all_sent, "the notices")
    return gateway.messages
