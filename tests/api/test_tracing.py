"""Traces, sent to a stand-in collector: where the time of a request went, and nothing of what was in it."""

import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from api.config import ROOT
from tests.clients import InProcessClient
from tests.secrecy import SEEN

pytestmark = pytest.mark.one_database
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def collector(monkeypatch):
    """What was sent to it, each request's bytes."""
    got = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):
            got.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.delenv("OTEL_SERVICE_NAME", raising=False)
        yield got
        server.shutdown()


def spans_in(sent):
    """The spans, each with its attributes as a dict."""
    requests = [ExportTraceServiceRequest.FromString(body) for body in sent]
    return [
        (span, {pair.key: pair.value.string_value or pair.value.int_value for pair in span.attributes})
        for request in requests
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def test_a_request_is_a_trace_of_its_statements_and_commands_without_what_was_in_them(
    collector, make_app, make_shopper
):
    app = make_app(otlp_endpoint="http://collector")
    shopper = make_shopper(app)
    user = shopper.register()["user"]
    shopper.client.get("/v1/me/events?cursor=typed-by-somebody", token=shopper.access_token)
    shopper.client.get("/v1/typed-by-somebody", headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})
    shopper.try_login(account="typed-by-somebody", password="typed-by-somebody")
    app.extensions["traces"]()
    spans = spans_in(collector)
    (registering,) = [span for span, facts in spans if facts.get("http.route") == "/v1/register"]
    inside = [(span.name, facts) for span, facts in spans if span.parent_span_id == registering.span_id]
    assert registering.name == "POST /v1/register"
    assert {"SELECT", "INSERT", "EVALSHA"} <= {name for name, _ in inside}
    assert any("INSERT INTO users" in facts.get("db.query.text", "") for _, facts in inside)
    assert [span.name for span, _ in spans if span.trace_id.hex() == TRACE] == ["GET other"]
    told = b"".join(collector)
    secrets = [
        *SEEN.of_this_test,
        user["id"],
        user["username"],
        "typed-by-somebody",
        "shopper@example.com",
        "127.0.0.1",
    ]
    assert [secret for secret in secrets if secret.encode() in told] == []


def test_what_breaks_is_marked_with_its_type_and_without_its_words(collector, make_app, make_shopper):
    nowhere = "redis://127.0.0.1:1/0"
    app = make_app(otlp_endpoint="http://collector", redis_url=nowhere, ratelimit_storage_uri=nowhere)
    assert make_shopper(app).ask_for_code().status == 503
    app.extensions["traces"]()
    spans = spans_in(collector)
    failed = {facts.get("error.type") for span, facts in spans if span.status.code == 2}
    assert "ConnectionError" in failed
    assert [facts["http.response.status_code"] for span, facts in spans if not span.parent_span_id] == [503]
    assert b"refused" not in b"".join(collector)


def test_a_redis_that_only_the_limits_use_is_traced_as_the_other(collector, make_app):
    app = make_app(otlp_endpoint="http://collector", ratelimit_storage_uri="redis://127.0.0.1:1/0")
    InProcessClient(app).post("/v1/login", json={"account": "a", "password": "b"})
    app.extensions["traces"]()
    assert "ConnectionError" in {facts.get("error.type") for _, facts in spans_in(collector)}


def test_without_the_setting_nothing_of_it_is_imported():
    code = [path for folder in ("api", "resources", "services", "models") for path in (ROOT / folder).rglob("*.py")]
    naming = [
        path.name
        for path in code
        if re.search(r"import .*opentelemetry|from (opentelemetry|api\.tracing)", path.read_text())
    ]
    assert naming == ["tracing.py"]
