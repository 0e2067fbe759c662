"""After erasing nobody is in the tables any more; and every table is thought of."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Select, func, insert, select

from api.config import ROOT
from models import Device, Model, PhoneChange, SecurityEvent, Session, SmsMessage, User
from services import erasure, export_queries
from services.background import drain
from services.ids import new_id
from tests.settings import environment
from tests.tables import where_is
from tests.waiting import wait_until

DAY = 86400
OF_PERSONS = ("user_id", "phone_name")
# What is neither taken along nor taken out, and why.
NOT_ERASED = {"security_events": "logins stay on record for six months by law; the person is taken out of the rows"}


def _tables():
    return {
        table.name
        for table in Model.metadata.sorted_tables
        if table.name == "users" or any(column in table.c for column in OF_PERSONS)
    }


def test_every_table_of_persons_is_in_the_export():
    queried = [value for value in vars(export_queries).values() if isinstance(value, Select)]
    assert {table.name for query in queried for table in query.get_final_froms()} == _tables()


def test_every_table_of_persons_is_emptied_by_erasing():
    emptied = {removal.table.name for removal in erasure.REMOVALS}
    by_name = {"users", "sms_messages"}
    assert emptied | by_name | NOT_ERASED.keys() == _tables()


def test_no_other_table_has_a_column_for_a_person():
    persons = {"phone", "old_phone", "new_phone", "ip", "email", "username", "device", "recipient_masked"}
    holding = {table.name for table in Model.metadata.sorted_tables if persons & set(table.c.keys())}
    assert holding <= _tables()


@pytest.fixture
def person(make_app, make_shopper, rows, engine, pass_time):
    """Somebody with something in every table, who has closed the account."""
    shopper = make_shopper(make_app())
    shopper.client.address = "203.0.113.77"
    shopper.client.request = _with_device(shopper.client.request)
    shopper.register(username="张三-erased", email="zhang.san@erased.example")
    shopper.try_login(password="wrong")
    assert drain(10)
    shopper.login()
    rows.verify_email(shopper.phone, "zhang.san@erased.example")
    user_id = rows.user(shopper.phone)["id"]
    change = {"id": new_id(), "user_id": user_id, "old_phone": "+8613712345678", "new_phone": shopper.phone}
    change |= {"undo_check": "check", "changed_at": datetime.now(UTC), "undo_until": datetime.now(UTC)}
    with engine.begin() as connection:
        connection.execute(
            insert(Device), {"user_id": user_id, "name": "Erased/1.0", "first_seen_at": datetime.now(UTC)}
        )
        connection.execute(insert(PhoneChange), change)
    body = {"current_password": shopper.password}
    assert shopper.client.delete("/v1/me", json=body, token=shopper.access_token).status == 202
    pass_time(15 * DAY)
    return shopper


def _with_device(request):
    def named(method, path, **options):
        options["headers"] = {"User-Agent": "Erased/1.0", "X-Request-ID": "zhang-san-s-cart"} | (
            options.get("headers") or {}
        )
        return request(method, path, **options)

    return named


def _job(shopper):
    return shopper.client.app.test_cli_runner().invoke(args=["jobs", "run", "erasure"]).output


def test_nothing_of_the_person_is_left_in_any_table(person, engine):
    name = person.client.app.extensions["dongbao"].keyring.pseudonym(person.phone)
    facts = (
        *(person.phone, person.phone[-8:], "13712345678", "张三-erased", "zhang.san", "203.0.113.77", "Erased/1.0"),
        *("zhang-san-s-cart", name, f"****{person.phone[-4:]}"),
    )
    assert all(where_is(fact, engine) for fact in facts)
    assert "dealt with 1" in _job(person)
    assert {fact: where_is(fact, engine) for fact in facts if where_is(fact, engine)} == {}
    with engine.connect() as connection:
        (user,) = connection.execute(select(User.__table__))
        kept = list(connection.scalars(select(SecurityEvent.type).order_by(SecurityEvent.id)))
    assert (user.status, user.phone, user.verified_email_key, user.email) == ("erased", None, None, "")
    assert {"registered", "login_failed", "logged_in", "closing", "erased"} <= set(kept)


def test_erasing_again_does_nothing(person, engine):
    _job(person)
    assert "dealt with 0" in _job(person)
    with engine.connect() as connection:
        erased = select(func.count()).where(SecurityEvent.type == "erased")
        assert connection.scalar(erased) == 1


def test_before_its_time_nothing_is_erased(person, clock, rows):
    clock.advance(-1)
    assert "dealt with 0" in _job(person)
    assert rows.user(person.phone)["status"] == "closing"


def test_everything_is_free_again_and_nobody_gets_in(person):
    _job(person)
    other = person.another()
    other.register(username="张三-erased", phone=person.phone, email="zhang.san@erased.example")
    assert person.try_login(account="张三-erased", password="other words than those").code == "invalid_credentials"
    assert person.me().code in ("token_expired", "session_revoked")
    assert person.try_refresh().code == "refresh_invalid"


def test_what_was_sent_to_a_phone_that_is_anothers_by_now_stays(person, engine):
    services = person.client.app.extensions["dongbao"]
    other = person.another()
    other.register(phone="+8613712345678")
    _job(person)
    with engine.connect() as connection:
        names = set(connection.scalars(select(SmsMessage.phone_name)))
    assert names == {services.keyring.pseudonym("+8613712345678")}


def test_a_job_that_is_killed_loses_nothing_and_repeats_nothing(engine, database_url, redis_url, instance):
    """R55, F26: SIGKILL half-way through many; each account is whole or erased, and the next run does the rest."""
    many = 600
    _close_many(engine, many)
    env = environment(instance, database_url, redis_url)
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "jobs", "run", "erasure"]
    first = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: _erased(engine) > 5, "the first of them", seconds=30)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    half = _erased(engine)
    assert 0 < half < many, "the kill did not come in the middle"
    _assert_whole(engine, many)
    subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True)
    assert _erased(engine) == many
    _assert_whole(engine, many)


def _close_many(engine, many):
    then = datetime.now(UTC) - timedelta(days=20)
    ids = [new_id() for _ in range(many)]
    users = [
        {
            "id": user_id,
            "phone": f"+86136{i:08}",
            "username": f"many-{i}",
            "username_key": f"many-{i}",
            "email": "many@example.com",
            "password_hash": "hash",
            "status": "closing",
            "created_at": then,
            "erase_after": then,
        }
        for i, user_id in enumerate(ids)
    ]
    times = dict.fromkeys(("created_at", "refreshed_at", "expires_at", "ends_at"), then)
    sessions = [{"id": new_id(), "user_id": user_id, "device": "", "ip": "198.51.100.1", **times} for user_id in ids]
    with engine.begin() as connection:
        connection.execute(insert(User), users)
        connection.execute(insert(Session), sessions)


def _erased(engine):
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).where(User.status == "erased"))


def _assert_whole(engine, many):
    """Every account has all its rows, or none and its one event."""
    with engine.connect() as connection:
        status = {row.id: row.status for row in connection.execute(select(User.id, User.status))}
        having = set(connection.scalars(select(Session.user_id)))
        events = list(connection.scalars(select(SecurityEvent.user_id).where(SecurityEvent.type == "erased")))
    erased = {user_id for user_id, state in status.items() if state == "erased"}
    assert len(status) == many
    assert having == status.keys() - erased
    assert sorted(events) == sorted(erased)
