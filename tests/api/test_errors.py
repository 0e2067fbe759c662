"""Failures, in the shape of a problem and in the reader's language."""

import pymysql
import pytest
from sqlalchemy.exc import OperationalError

from api.field_messages import FIELD_MESSAGES
from api.problems import PROBLEMS
from tests.clients import InProcessClient

NOWHERE = "unix:///nonexistent/redis.sock"


def test_a_problem_has_its_members(client):
    reply = client.get("/v1/nowhere")
    assert reply.status == 404
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert reply.json == {
        "type": "https://dongbao.example/errors#not_found",
        "title": "Not found",
        "status": 404,
        "code": "not_found",
        "detail": "Check the address; or it is there no longer.",
        "request_id": reply.headers["X-Request-ID"],
    }


@pytest.mark.parametrize(
    ("accepted", "title"),
    [
        (None, "没有找到"),
        ("zh-CN", "没有找到"),
        ("zh", "没有找到"),
        ("zh-TW", "没有找到"),
        ("en", "Not found"),
        ("en-GB", "Not found"),
        ("en-US,en;q=0.9,zh-CN;q=0.8", "Not found"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "没有找到"),
        ("fr", "没有找到"),
        ("fr;q=0.9, en;q=0.1", "Not found"),
        ("*", "没有找到"),
        ("en;q=0", "没有找到"),
        ("garbage;;q=x,,", "没有找到"),
    ],
)
def test_the_language_is_the_readers_and_the_code_stays(client, accepted, title):
    client.language = accepted
    problem = client.get("/v1/nowhere").json
    assert (problem["title"], problem["code"]) == (title, "not_found")


def test_fields_are_explained_in_the_readers_language(client):
    client.language = None
    assert client.post("/v1/login", json={}).json["errors"]["account"][0].startswith("请提供")
    client.language = "en"
    assert client.post("/v1/login", json={}).json["errors"]["account"][0].startswith("Give account")


def test_both_languages_say_something_for_everything():
    for problem in PROBLEMS.values():
        assert problem.title.keys() == problem.detail.keys() == {"zh-CN", "en"}
    for message in FIELD_MESSAGES.values():
        assert message.keys() == {"zh-CN", "en"}
        assert all(message.values())


def test_numbers_stand_in_the_sentence_too(shopper):
    sms_id = shopper.send_code()
    problem = shopper.verify(sms_id, shopper.wrong_code()).json
    assert (problem["attempts_left"], problem["detail"]) == (4, "Attempts left: 4.")
    problem = shopper.ask_for_code().json
    assert problem["detail"] == f"Ask again in {problem['retry_after']} seconds."


@pytest.mark.parametrize(
    "path", ["/nowhere", "/v1/", "/v1/me/", "//v1/me", "/v1//me", "/V1/me", "/v1/sms/x", "/v1/me%00", "/%ff"]
)
def test_no_such_route(client, path):
    assert (client.get(path).status, client.get(path).code) == (404, "not_found")


class BrokenClock:
    """Has a defect of its own."""

    def __call__(self):
        raise KeyError("a secret detail")


def test_a_defect_of_ours_says_nothing_of_itself(make_app):
    client = InProcessClient(make_app(clock=BrokenClock()))
    reply = client.post("/v1/sms", json={"phone": "13800138000", "purpose": "login"})
    assert (reply.status, reply.code) == (500, "internal_error")
    assert reply.json.keys() == {"type", "title", "status", "code", "detail", "request_id"}
    assert b"secret" not in reply.body


class QuotingDatabase:
    """Can't go on, and quotes a value in saying so, as MariaDB does with what PyMySQL has no better class for."""

    def __call__(self):
        raise OperationalError("", {}, pymysql.err.OperationalError(1292, "Truncated incorrect value: '13800138000'"))


def test_what_a_part_that_is_away_quotes_is_not_logged(make_app, capsys):
    """R7: the reason is there, without what may be a shopper's."""
    client = InProcessClient(make_app(clock=QuotingDatabase()))
    reply = client.post("/v1/sms", json={"phone": "13800138000", "purpose": "login"})
    assert reply.code == "service_unavailable"
    said = capsys.readouterr().err
    assert "part_away" in said
    assert "13800138000" not in said
    assert "1292" in said


def test_without_a_database_it_is_503_and_nothing_is_lost(make_shopper, make_app, shopper):
    """R20: neither the ticket nor a code goes with the failure."""
    ticket = shopper.prove()
    away = InProcessClient(make_app(database_url="sqlite:////nonexistent/x"))
    reply = shopper.on(away).fill_in(ticket)
    assert (reply.status, reply.code, reply.json["retry_after"]) == (503, "service_unavailable", 5)
    assert shopper.fill_in(ticket).status == 201


def test_without_a_database_a_code_stays_good(make_app, shopper):
    """R1: a code that nothing came of is not used up."""
    sms_id, code = shopper.send_code(), shopper.last_code()
    away = shopper.on(InProcessClient(make_app(database_url="sqlite:////nonexistent/x")))
    for _ in range(6):
        assert away.verify(sms_id, code).code == "service_unavailable"
    assert shopper.verify(sms_id, code).status == 200


def test_without_redis_no_code_is_sent_and_none_is_taken(make_app, make_shopper, gateway):
    """No counters, no SMS; and a guess that can't be counted is not evaluated."""
    shopper = make_shopper(make_app(redis_url=NOWHERE, ratelimit_storage_uri="memory://"))
    assert shopper.ask_for_code().code == "service_unavailable"
    assert shopper.verify("x" * 22 + "0" * 16, "123456").code == "service_unavailable"
    assert gateway.messages == []


def test_without_redis_a_shopper_who_is_logged_in_stays_so(make_app, shopper):
    """R25: the database is the truth."""
    shopper.register()
    without = shopper.on(InProcessClient(make_app(redis_url=NOWHERE, ratelimit_storage_uri="memory://")))
    assert without.me().status == 200
    without.refresh()
    assert without.logout().status == 204
    assert without.me().code == "session_revoked"


def test_readiness_names_what_is_away(make_app):
    """R54: and the process itself is well."""
    client = InProcessClient(make_app(redis_url=NOWHERE, ratelimit_storage_uri=NOWHERE))
    assert client.get("/healthz").json == {"status": "ok"}
    reply = client.get("/readyz")
    assert (reply.status, reply.code) == (503, "service_unavailable")
    assert reply.json["checks"]["database"] == "ok"
    assert reply.json["checks"]["redis"] != "ok"
    assert (
        InProcessClient(make_app(database_url="sqlite:////nonexistent/x")).get("/readyz").json["checks"]["redis"]
        == "ok"
    )


def test_readiness_when_all_is_well(client):
    assert client.get("/readyz").json == {"status": "ok", "checks": {"database": "ok", "redis": "ok"}}
