"""Generated calls against the real server: whatever is sent, the reply is a declared one and never a 500.

Where a generated call has an example's value for something living (a ticket, an ``sms_id``), it gets a real one instead, so
that calls come past the doors.
"""

from collections import defaultdict
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, seed, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.changes import DORMANT, move
from tests.clients import LiveClient
from tests.contract.description import DOCUMENT, FILE, OPERATIONS
from tests.contract.validation import check_reply
from tests.letters import Letters
from tests.rows import Rows
from tests.servers.live import LiveServer
from tests.settings import PLENTY
from tests.shopper import Shopper, new_phone
from tests.tokens import AS_SERVICE

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
SECRET = DOCUMENT["paths"]["/v1/sms/receipts/{secret}/{vendor}"]["parameters"][0]["examples"]["secret"]["value"]
UNHURRIED = {
    "SMS_COOLDOWN_SECONDS": 0,
    "SMS_PER_HOUR": 0,
    "SMS_PER_DAY": 0,
    "SMS_WRONG_GUESSES_PER_DAY": 1_000_000,
    "LIMIT_SMS_PER_PHONE": PLENTY,
    "LIMIT_LOGIN_PER_ACCOUNT": PLENTY,
    "LIMIT_EMAIL_PER_ACCOUNT": PLENTY,
    "LIMIT_EXPORT_PER_ACCOUNT": PLENTY,
    "LIMIT_RENAME_PER_ACCOUNT": PLENTY,
    "SMS_CALLBACK_SECRET": SECRET,
}
SCHEMA = schemathesis.openapi.from_path(FILE, config=SchemathesisConfig(seed=1))
SCHEMA.config.generation.update(with_security_parameters=False)
BODIES = {
    operation.node["operationId"]: {name: example["value"] for name, example in operation.request["examples"].items()}
    for operation in OPERATIONS
    if operation.request
}
LOGIN, CODE = BODIES["logIn"]["by_password"], BODIES["logIn"]["by_code"]
TICKET, REFRESH = BODIES["register"]["register"]["ticket"], BODIES["refreshTokens"]["refresh"]["refresh_token"]
LINK_TOKEN = BODIES["verifyEmail"]["link"]["token"]
SESSION_ID = DOCUMENT["components"]["parameters"]["SessionId"]["examples"]["session_id"]["value"]
RESET_TICKET = BODIES["resetPassword"]["reset"]["ticket"]
UNDO_TOKEN, KEEP_TOKEN = BODIES["undoPhoneChange"]["undo"]["token"], BODIES["keepPhone"]["keep"]["token"]
CHANGES = {"changePassword", "changePhone", "closeAccount"}
ENDS_SESSIONS = {"logOut", "endSessions", "endSession"}
seen: defaultdict[str, set[int]] = defaultdict(set)


class Visitor:
    """The shopper of the examples, who puts living things where a call has only their examples."""

    def __init__(self, client: LiveClient, rows: Rows, letters: Letters):
        self._client = client
        self._rows = rows
        self._letters = letters
        self._shopper = Shopper(client, self._read_inbox, f"+86{LOGIN['account']}")
        self._shopper.register(password=LOGIN["password"])

    def enliven(self, case: Case, operation_id: str):
        path, body = dict(case.path_parameters or {}), dict(case.body) if isinstance(case.body, dict) else {}
        if operation_id in CHANGES:
            self._caller = self._newcomer()
        if operation_id == "changePhone" and body.get("sms_id") == CODE["sms_id"]:
            phone = new_phone()
            body |= {"sms_id": self._caller.send_code("change_phone", phone), "code": self._caller.last_code(phone)}
        for place in (path, body):
            if place.get("sms_id") == CODE["sms_id"]:
                place["sms_id"], code = self._code("login" if operation_id == "logIn" else "register")
                body |= {"code": code} if body.get("code") == CODE["code"] else {}
        if path.get("session_id") == SESSION_ID:
            path["session_id"] = self._other_session()
        if body.get("ticket") == TICKET:
            body["ticket"] = self._shopper.another().prove()
        if operation_id == "resetPassword" and body.get("ticket") == RESET_TICKET:
            body["ticket"] = self._newcomer().prove("reset_password")
        if operation_id == "undoPhoneChange" and body.get("token") == UNDO_TOKEN:
            body["token"] = self._undo_token()
        if operation_id == "keepPhone" and body.get("token") == KEEP_TOKEN:
            body["token"] = self._keep_token()
        if body.get("refresh_token") == REFRESH:
            body["refresh_token"] = self._shopper.login()["refresh_token"]
        if operation_id == "verifyEmail" and body.get("token") == LINK_TOKEN:
            body["token"] = self._link_token()
        case.path_parameters = path
        case.body = body or case.body

    def authorization(self, operation_id: str) -> dict[str, str]:
        """That of a service for the call that is for services."""
        if operation_id == "introspectToken":
            return AS_SERVICE
        return {"Authorization": f"Bearer {self._token(operation_id)}"}

    def _token(self, operation_id: str) -> str:
        """A good one; calls that end sessions, or change what others need, get one of their own."""
        if operation_id in CHANGES:
            return self._caller.access_token
        if operation_id in ENDS_SESSIONS:
            self._shopper.login()
        return self._shopper.access_token

    def _code(self, purpose: str) -> tuple[str, str]:
        shopper = self._shopper if purpose == "login" else self._shopper.another()
        return shopper.send_code(purpose), shopper.last_code()

    def _link_token(self) -> str:
        newcomer = self._shopper.another()
        newcomer.register(email=f"{newcomer.username}@example.com")
        return Letters(self._client).wait_for(f"{newcomer.username}@example.com", "verify_email").token

    def _newcomer(self) -> Shopper:
        newcomer = self._shopper.another()
        newcomer.register(password=LOGIN["password"])
        return newcomer

    def _undo_token(self) -> str:
        newcomer = self._newcomer()
        move(newcomer, new_phone())
        return self._letters.wait_for(newcomer.phone, "phone_changed").token

    def _keep_token(self) -> str:
        newcomer = self._newcomer()
        address = f"{newcomer.username}@example.com"
        self._rows.verify_email(newcomer.phone, address)
        self._rows.age_user(newcomer.phone, DORMANT)
        newcomer.access_token = ""
        newcomer.try_login_by_code(newcomer.send_code("login"), newcomer.last_code())
        return self._letters.wait_for(address, "phone_claimed").token

    def _other_session(self) -> str:
        self._shopper.login()
        return next(session["id"] for session in self._shopper.sessions() if not session["current"])

    def _read_inbox(self) -> list[tuple[str, str]]:
        inbox: Any = self._client.get("/dev/inbox", headers={"Accept": "application/json"}).json
        return [(message["to"], message["code"]) for message in inbox["messages"] if message["code"]]


@pytest.fixture(scope="module")
def server(database_url, redis_url):
    """A server that is never too busy to answer: limits are no part of this."""
    server = LiveServer(database_url, redis_url)
    server.start(**UNHURRIED)
    yield server
    server.remove()


@pytest.fixture
def visitor(server, rows, engine):
    client = LiveClient(server.url)
    return Visitor(client, rows, Letters(client, engine))


@SCHEMA.parametrize()
@seed(1)
@settings(max_examples=25, database=None, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_call_gets_a_declared_reply(case, server, visitor):
    operation_id = case.operation.definition.raw["operationId"]
    visitor.enliven(case, operation_id)
    response = case.call(base_url=server.url, headers=visitor.authorization(operation_id))
    if case.method == case.operation.method.upper():
        seen[operation_id].add(response.status_code)
    case.validate_response(response, checks=CHECKS)
    sent, headers = response.request, [(name, value) for name, values in response.headers.items() for value in values]
    check_reply(sent.method, sent.url, response.status_code, headers, response.content)


def test_calls_came_past_the_doors():
    """Of each operation that was called, some call succeeded."""
    assert [operation_id for operation_id, statuses in seen.items() if min(statuses) >= 300] == []
