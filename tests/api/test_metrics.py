"""``/metrics``: who may read it, and that what happens is counted under the words that docs/operations/metrics.md lists."""

import ast
import re
from datetime import timedelta
from functools import partial

import pytest
import structlog
from sqlalchemy import insert

from api.config import ROOT
from api.errors import PROBLEMS
from api.jobs import build_jobs
from api.metrics_events import COUNTED
from models import Notice
from services.background import drain
from services.errors import ServiceUnavailable
from services.jobs import Job, Jobs
from sms.gateway import Outcome, Reason
from tests.clients import InProcessClient
from tests.scrape import TOKEN, Scrape, growth
from tests.secrecy import SEEN, TAP

ELSEWHERE = "203.0.113.7"
# Labels whose values are words of ours, with what they may look like; routes and problems are compared with the tables of them.
WORD = re.compile(r"[A-Za-z][A-Za-z_0-9]*|\d{3}|\+Inf|[0-9.e-]+")


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """What a scrape can't have in time is missing from it, which a busy machine may make of everything."""
    monkeypatch.setattr("api.metrics_states.SHARED_SECONDS", 10)


def ask(app, address="127.0.0.1", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return InProcessClient(app, address).get("/metrics", headers=named)


def test_without_a_token_only_this_machine_is_answered(make_app):
    app = make_app()
    assert ask(app).status == ask(app, "::1").status == ask(app, "::ffff:127.0.0.1").status == 200
    for address in (ELSEWHERE, "10.0.0.5", "2001:db8::1", "", "unix"):
        refused = ask(app, address)
        assert (refused.status, refused.code) == (403, "metrics_forbidden")


@pytest.mark.parametrize("trusted", [0, 1, 2])
@pytest.mark.parametrize("said", ["127.0.0.1", "127.0.0.1, 127.0.0.1", ELSEWHERE])
def test_whoever_comes_through_a_proxy_is_not_this_machine_whatever_a_header_says(make_app, trusted, said):
    app = make_app(trusted_proxies=trusted)
    assert ask(app, X_Forwarded_For=said).status == 403
    assert ask(app, ELSEWHERE, X_Forwarded_For=said).status == 403
    assert ask(app, Forwarded=f"for={said.split(',')[0]}").status == 403
    assert ask(app, X_Real_IP=said).status == 403
    assert ask(app).status == 200


def test_with_a_token_whoever_has_it_is_answered_and_nobody_else(make_app):
    app = make_app(metrics_token=TOKEN, trusted_proxies=1)
    assert ask(app, ELSEWHERE, Authorization=f"Bearer {TOKEN}", X_Forwarded_For=ELSEWHERE).status == 200
    for given in ("", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", "Bearer é", f"Basic {TOKEN}", "Bearer "):
        refused = ask(app, Authorization=given)
        assert (refused.status, refused.code) == (401, "metrics_token_invalid")
        assert refused.headers["WWW-Authenticate"] == "Bearer"


def test_a_request_has_its_route_method_and_status_and_what_is_not_ours_one_label(client):
    def ask_for_much():
        client.get("/v1/me")
        client.post("/v1/sms/any-id-of-mine/resend")
        for path in ("/v1/nothing", "/admin.php", "/v1/me/x"):
            client.get(path)
        client.request("BREW", "/v1/me")

    grew = growth(client, ask_for_much)
    assert grew("http_request_duration_seconds_count", route="/v1/me", method="GET", status="401") == 1
    assert grew("http_request_duration_seconds_count", route="/v1/sms/{sms_id}/resend", method="POST") == 1
    assert grew("http_request_duration_seconds_count", route="other", method="GET", status="404") == 3
    assert grew("http_request_duration_seconds_count", route="other", method="other", status="405") == 1
    assert grew("http_problems_total", route="/v1/me", code="token_missing") == 1
    assert grew("http_problems_total", route="other", code="not_found") == 3


def test_a_visit_is_counted_from_the_message_to_the_stolen_token(client, shopper):
    def visit():
        shopper.register()
        shopper.try_login(password="wrong")
        shopper.login()
        old = shopper.refresh_token
        shopper.refresh()
        shopper.refresh()
        shopper.try_refresh(old)
        assert drain(10)

    lines = len(TAP.lines)
    grew = growth(client, visit)
    assert grew("sms_tries_total", gateway="memory", outcome="sent", reason="none") == 1
    assert grew("sms_try_duration_seconds_count", gateway="memory") == 1
    says_whose = client.app.extensions["dongbao"].database.engine.dialect.update_returning
    assert grew("sms_verified_total", gateway="memory" if says_whose else "none") == 1
    assert [grew("security_events_total", type=kind) for kind in ("registered", "login_failed", "logged_in")] == [1] * 3
    assert grew("security_events_total", type="refresh_reused") == 1
    assert grew("log_events_total", event="security_event") == 4
    assert grew("http_problems_total", route="/v1/login", code="invalid_credentials") == 1
    assert grew("http_problems_total", route="/v1/token/refresh", code="refresh_reused") == 1
    assert grew("password_hash_duration_seconds_count") == grew("password_hash_wait_seconds_count") == 3
    written = b"".join(TAP.lines[lines:])
    assert b"security_event" in written
    assert b"password_hashed" not in written
    assert grew("sql_duration_seconds_count", verb="insert") > 5
    assert grew("redis_duration_seconds_count") > 5


def test_limits_and_work_are_counted_by_their_names(make_app, make_shopper):
    app = make_app(LIMIT_LOGIN_PER_ADDRESS="3/minute", LIMIT_LOGIN_PER_ACCOUNT="1/minute", challenge="adaptive")
    shopper = make_shopper(app)
    grew = growth(shopper.client, lambda: [shopper.try_login("nobody") for _ in range(4)])
    assert grew("work_decisions_total", kind="login", decision="free") == 1
    assert grew("work_decisions_total", kind="login", decision="asked") == 2
    assert grew("limits_reached_total", limit="login_per_account") == 2
    assert grew("limits_reached_total", limit="login_per_address") == 1


def test_a_crowd_of_hashes_is_seen_and_refused(make_app):
    app = make_app(hash_places=1, hash_queue=0, threads=4)
    client, passwords = InProcessClient(app), app.extensions["dongbao"].passwords

    def crowd():
        with passwords._place():
            assert Scrape(client).value("password_hashes_in_progress") == 1
            with pytest.raises(ServiceUnavailable):
                passwords.hash("x")

    assert growth(client, crowd)("password_hashes_refused_total") == 1
    assert Scrape(client).value("password_hashes_in_progress") == 0


def test_a_scrape_is_answered_when_every_place_to_work_is_taken(make_app):
    app = make_app(threads=2, database_timeout_seconds=0.1)
    client, places = InProcessClient(app), app.extensions["edge"]._places
    with places, places:
        assert client.get("/v1/me").status == 503
        assert Scrape(client).value("http_requests_in_progress") == 2
    assert Scrape(client).value("http_requests_in_progress") == 0


def test_what_is_away_is_seen_and_a_scrape_needs_none_of_it(make_app, client):
    nowhere = "redis://127.0.0.1:1/0"
    database = "postgresql+psycopg://nobody@127.0.0.1:1/none"
    app = make_app(redis_url=nowhere, ratelimit_storage_uri=nowhere, database_url=database)
    away = InProcessClient(app)
    grew = growth(away, lambda: [away.post("/v1/login", json={"account": "a", "password": "b"}) for _ in range(4)])
    assert grew("limits_fallbacks_total") == 4
    assert grew("redis_errors_total", error="ConnectionError") >= 1
    assert grew("redis_errors_total", error="RedisLeftAlone") >= 1
    assert grew("sql_errors_total", error="OperationalError") >= 1
    assert grew("log_events_total", event="part_away") == 4
    scrape = Scrape(away)
    assert scrape.value("circuits_open", part="redis") == 1
    assert "dongbao_sms_breaker_open{" not in scrape.text
    assert Scrape(client).value("circuits_open", part="redis") == 0


def test_a_redis_that_only_the_limits_use_is_measured_as_the_other(make_app):
    client = InProcessClient(make_app(ratelimit_storage_uri="redis://127.0.0.1:1/0"))
    grew = growth(client, lambda: client.post("/v1/login", json={"account": "a", "password": "b"}))
    assert grew("redis_errors_total", error="ConnectionError") >= 1


def test_gateways_are_counted_by_what_they_said(make_app, make_shopper, gateway):
    app = make_app(sms_cooldown_seconds=0, sms_per_hour=0)
    shopper = make_shopper(app)

    def send_on_bad_days():
        gateway.outcome, gateway.reason = Outcome.NOT_SENT, Reason.NO_CREDIT
        shopper.ask_for_code()
        gateway.outcome = Outcome.UNKNOWN
        for _ in range(5):
            shopper.send_code()
        shopper.ask_for_code()

    grew = growth(shopper.client, send_on_bad_days)
    assert grew("sms_tries_total", gateway="memory", outcome="not_sent", reason="no_credit") == 1
    assert grew("sms_tries_total", gateway="memory", outcome="unknown", reason="none") == 5
    assert grew("sms_tries_total", gateway="memory", outcome="not_sent", reason="left_alone") == 1
    assert Scrape(shopper.client).value("sms_breaker_open", gateway="memory") == 1


def test_what_alerts_wait_for_of_a_gateway_is_there_before_it_happens(client):
    """What is not there yet does not grow when it comes: Prometheus would miss the first of them."""
    tries = [sample.labels for sample in Scrape(client).samples if sample.name == "dongbao_sms_tries_total"]
    for outcome, reason in (("sent", "none"), ("not_sent", "busy")):
        assert {"gateway": "memory", "outcome": outcome, "reason": reason} in tries


def test_jobs_and_notices_are_counted(client, shopper, letters, redis):
    def fail():
        raise RuntimeError

    def work():
        jobs = Jobs((Job("sweep", 60, lambda: 3), Job("mend", 60, fail)), redis, structlog.get_logger())
        for job in jobs.by_name.values():
            jobs.run_if_due(job)
        shopper.register()
        letters.wait_tried()

    grew = growth(client, work)
    assert (
        grew("job_runs_total", name="sweep", outcome="done")
        == grew("job_runs_total", name="mend", outcome="failed")
        == 1
    )
    assert grew("job_last_success_timestamp_seconds", name="sweep") > 1_700_000_000
    assert grew("job_last_success_timestamp_seconds", name="mend") == 0
    assert grew("notices_total", channel="mail", outcome="sent") == 1


def test_notices_that_are_owed_are_counted_with_the_age_of_the_oldest(client, engine, clock):
    made = {"channel": "pigeon", "kind": "x", "recipient_masked": "x", "sealed": "x", "user_id": None, "attempts": 1}
    ages = {"owed": 600, "older": 900, "given up": 2000}
    for name, age in ages.items():
        then = clock() - timedelta(seconds=age)
        due = None if name == "given up" else clock()
        with engine.begin() as connection:
            connection.execute(insert(Notice), made | {"id": name, "created_at": then, "due_at": due})
    scrape = Scrape(client)
    assert scrape.value("notices_owed", channel="pigeon") == 2
    assert scrape.value("notices_oldest_age_seconds", channel="pigeon") == pytest.approx(900, abs=1)


def test_what_a_process_keeps_of_sessions_is_counted(make_app, make_shopper, redis):
    shopper = make_shopper(make_app())
    shopper.register()
    shopper.me()

    def come_again():
        for _ in range(3):
            shopper.me()

    def lose_the_link():
        for link in (one for one in redis.client_list() if "t" in one["flags"]):
            redis.client_kill_filter(_id=link["id"])
        shopper.me()

    grew = growth(shopper.client, come_again)
    hits, misses = (grew("kept_sessions_reads_total", outcome=outcome) for outcome in ("hit", "miss"))
    assert hits > 0
    assert hits + misses == 3
    states = Scrape(shopper.client)
    assert (states.value("kept_sessions_links"), states.value("kept_sessions_accounts")) == (1, 1)
    grew = growth(shopper.client, lose_the_link)
    assert grew("kept_sessions_links_lost_total") == grew("kept_sessions_reads_total", outcome="miss") == 1


def test_living_sessions_are_counted_by_a_job_and_known_to_all(make_app, make_shopper, clock, monkeypatch):
    monkeypatch.setattr("services.purges.BATCH", 1)
    app = make_app()
    jobs = build_jobs(app.extensions["dongbao"])
    count = partial(jobs.run, jobs.by_name["sessions_count"])
    shopper = make_shopper(app)
    shopper.register()
    shopper.login()
    assert "\ndongbao_sessions_living " not in Scrape(shopper.client).text
    count()
    other = InProcessClient(make_app())
    assert Scrape(other).value("sessions_living") == 2
    shopper.logout()
    count()
    assert Scrape(other).value("sessions_living") == 1
    clock.advance(seconds=31 * 86400)
    count()
    assert Scrape(other).value("sessions_living") == 0


def test_labels_are_words_of_ours_and_nothing_that_anybody_sent_is_in_them(client, shopper, letters):
    user = shopper.register()["user"]
    client.put(
        "/v1/me/email",
        json={"email": "an-address@example.com", "current_password": shopper.password},
        token=shopper.access_token,
    )
    shopper.try_login(account="a-name-that-somebody-typed")
    client.get(f"/v1/sessions/{user['id']}", headers={"X-Forwarded-For": ELSEWHERE, "User-Agent": "a-browser"})
    client.get("/v1/a-path-that-somebody-typed?token=a-query")
    client.request("A-METHOD", "/v1/me")
    scrape = Scrape(client)
    typed = (
        *SEEN.of_this_test,
        user["id"],
        user["username"],
        shopper.phone[3:],
        "an-address",
        "somebody",
        "a-browser",
        "a-query",
    )
    assert [secret for secret in typed if secret in scrape.text] == []
    routes = {re.sub("<(.*?)>", r"{\1}", rule.rule) for rule in client.app.url_map.iter_rules()} | {"other"}
    odd = {(label, value) for label, value in scrape.labels() if not WORD.fullmatch(value)}
    assert {value for label, value in odd if label == "route"} <= routes
    assert {label for label, _ in odd} <= {"route"}
    assert {value for label, value in scrape.labels() if label == "code"} <= PROBLEMS.keys()


def test_what_is_counted_is_what_services_say():
    said = {
        call.args[0].value
        for folder in ("api", "services")
        for path in (ROOT / folder).glob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Constant)
    }
    # These two are chosen by a condition.
    assert COUNTED.keys() - said <= {"sms_tried", "notice_not_sent", "notice_given_up"}
