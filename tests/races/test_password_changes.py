"""New passwords among logins, refreshes and each other."""

import pytest
from sqlalchemy import text

from tests.changes import NEW_PASSWORD
from tests.parallel import in_parallel
from tests.races.crowd import at_once, is_dead, one_for_each_worker, settled, told_apart
from tests.shopper import new_phone

pytestmark = pytest.mark.mysql

RESET, PASSWORD, REFRESH = "/v1/password/reset", "/v1/me/password", "/v1/token/refresh"


def form(password=NEW_PASSWORD, **more):
    return {"password": password, "password_confirm": password, **more}


# A phone may get one message after the other, and an account be tried without end.
QUICK = pytest.mark.settings(SMS_COOLDOWN_SECONDS=0, LIMIT_LOGIN_PER_ACCOUNT="1000/minute")


@QUICK
def test_a_reset_among_logins_lets_no_old_password_stay_in(live, live_shopper):
    """R27: whoever came in with the old password while it was being reset is out afterwards."""
    won = 0
    for turn in range(10):
        somebody = live_shopper.another()
        first = somebody.register()
        somebody.access_token = ""
        body = form(ticket=somebody.prove("reset_password"))
        login = {"account": somebody.username, "password": somebody.password}

        def call(client, i, body=body, login=login, turn=turn):
            if i == turn:
                return client.post(RESET, json=body)
            return client.post("/v1/login", json=login)

        replies = at_once(live, 20, call)
        assert replies[turn].status == 204
        assert told_apart(replies).keys() <= {"200", "204", "401 invalid_credentials"}
        pairs = [reply.json for reply in replies if reply.status == 200]
        won += len(pairs)
        assert all(is_dead(somebody, pair) for pair in (first, *pairs))
        assert somebody.try_login(password=NEW_PASSWORD).status == 200
    assert won, "no login ever came before the reset: this was no race"


@QUICK
def test_one_ticket_resets_once(live, live_shopper, engine):
    """R1, R27: of twenty that bring one ticket, each with another password, one sets it."""
    for _ in range(3):
        somebody = live_shopper.another()
        somebody.register()
        somebody.access_token = ""
        ticket = somebody.prove("reset_password")
        passwords = [f"{NEW_PASSWORD} {i}" for i in range(20)]
        replies = at_once(
            live,
            20,
            lambda client, i, ticket=ticket, passwords=passwords: client.post(
                RESET, json=form(passwords[i], ticket=ticket)
            ),
        )
        assert told_apart(replies) == {"204": 1, "410 ticket_expired": 19}
        winner = next(i for i, reply in enumerate(replies) if reply.status == 204)
        assert somebody.try_login(password=passwords[winner]).status == 200
        with engine.connect() as connection:
            query = text("SELECT credential_version FROM users WHERE phone = :phone")
            assert connection.scalar(query, {"phone": somebody.phone}) == 2


def test_a_change_among_refreshes_ends_what_they_won(live, live_shopper):
    """R22, R27: the session that changes its password goes on with its new tokens, whatever its other tabs do."""
    for turn in range(10):
        somebody = live_shopper.another()
        pair = somebody.register()

        def call(client, i, pair=pair, somebody=somebody, turn=turn):
            if i == turn:
                body = form(current_password=somebody.password)
                return client.put(PASSWORD, json=body, token=pair["access_token"])
            return client.post(REFRESH, json={"refresh_token": pair["refresh_token"]})

        replies = at_once(live, 21, call)
        changed = replies.pop(turn)
        assert changed.status == 200
        assert told_apart(replies).keys() <= {"200", "401 refresh_invalid"}
        assert all(is_dead(somebody, reply.json) for reply in replies if reply.status == 200)
        assert is_dead(somebody, pair)
        assert somebody.me(changed.json["access_token"]).status == 200
        assert somebody.try_refresh(changed.json["refresh_token"]).status == 200


@QUICK
def test_of_many_changes_by_one_proof_one_wins(live, live_shopper):
    """R27: two tabs that change the password at once don't both believe it."""
    for _ in range(3):
        somebody = live_shopper.another()
        token = somebody.register()["access_token"]
        passwords = [f"{NEW_PASSWORD} {i}" for i in range(20)]

        def call(client, i, somebody=somebody, token=token, passwords=passwords):
            body = form(passwords[i], current_password=somebody.password)
            return client.put(PASSWORD, json=body, token=token)

        replies = at_once(live, 20, call)
        kinds = told_apart(replies)
        assert kinds.pop("200") == 1
        assert kinds.keys() <= {"403 reauthentication_required", "401 session_revoked"}
        winner = next(i for i, reply in enumerate(replies) if reply.status == 200)
        assert somebody.me(replies[winner].json["access_token"]).status == 200
        assert somebody.try_login(password=passwords[winner]).status == 200


@QUICK
def test_a_reset_and_a_change_of_phone(live, live_shopper):
    """R27, R30: the ticket proves the number of then; it resets nothing once the number has changed."""
    for turn in range(15):
        somebody = live_shopper.another()
        token = somebody.register()["access_token"]
        phone = new_phone()
        sms_id = somebody.send_code("change_phone", phone)
        change = {"sms_id": sms_id, "code": somebody.last_code(phone), "current_password": somebody.password}
        somebody.access_token = ""
        ticket = form(ticket=somebody.prove("reset_password"))
        with one_for_each_worker(live) as clients:

            def call(i, turn=turn, token=token, change=change, ticket=ticket, clients=clients):
                if i:
                    return settled(lambda: clients[turn % 2].post(RESET, json=ticket))
                return settled(lambda: clients[1 - turn % 2].put("/v1/me/phone", json=change, token=token))

            kinds = told_apart(in_parallel(2, call))
        first = {"200": 1, "410 ticket_expired": 1}, {"200": 1, "403 reauthentication_required": 1}
        second = {"204": 1, "403 reauthentication_required": 1}, {"204": 1, "401 session_revoked": 1}
        assert kinds in (*first, *second)
