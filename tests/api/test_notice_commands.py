"""``flask notices …``: what it prints, and how it ends."""

import json

import pytest

from mail.smtp import SmtpSettings
from services.dispatch import ANY_REGION, Route
from tests.clients import InProcessClient
from tests.gateways.sockets import refusing
from tests.letters import Letters
from tests.mails.conftest import SENDER
from tests.waiting import wait_until

NO_MAIL = {"routes": {ANY_REGION: Route(({"memory": 1},))}}
LI = "li.si@example.com"


@pytest.fixture
def run_on():
    """Run ``flask notices`` with these words on an app; exit code and what it said."""

    def run_on(app, *words):
        result = app.test_cli_runner().invoke(args=["notices", *words])
        return result.exit_code, result.output

    return run_on


@pytest.fixture
def nowhere(make_app, make_shopper, engine):
    """An app without a mail server, where somebody has registered."""
    app = make_app(**NO_MAIL)
    make_shopper(app).register(email=LI)
    Letters(None, engine).wait_tried()
    return app


def test_what_was_not_sent_is_listed(run_on, nowhere):
    code, said = run_on(nowhere, "list")
    assert code == 0
    (line,) = said.splitlines()
    for word in ("mail", "verify_email", "l****@example.com", "1 try", "unset", "given up"):
        assert word in line
    assert LI not in line


def test_the_list_can_be_read_by_programs(run_on, nowhere):
    _, said = run_on(nowhere, "list", "--json")
    (notice,) = [json.loads(line) for line in said.splitlines()]
    assert (notice["kind"], notice["error"], notice["attempts"], notice["due_at"]) == ("verify_email", "unset", 1, None)
    assert notice["created_at"].endswith("Z")


def test_it_is_tried_again_once_there_is_a_server(run_on, nowhere, make_app):
    _, said = run_on(nowhere, "list", "--json")
    notice_id = json.loads(said)["id"]
    assert run_on(nowhere, "retry") == (0, "1 tried again, 0 sent\n")
    app = make_app()
    assert run_on(app, "retry", notice_id) == (0, "1 tried again, 1 sent\n")
    assert [letter.to for letter in Letters(InProcessClient(app)).all()] == [LI]
    assert run_on(app, "list") == (0, "Every notice was sent.\n")
    assert "sent 20" in run_on(app, "list", "--all")[1]
    assert run_on(app, "retry", notice_id) == (1, "No notice of this id has failed.\n")


def test_a_notice_that_waits_for_its_next_try_says_when(run_on, make_app, make_shopper, engine):
    with refusing() as there:
        app = make_app(smtp=SmtpSettings("127.0.0.1", int(there.rpartition(":")[2]), SENDER))
        make_shopper(app).register(email=LI)
        wait_until(lambda: "unreachable" in run_on(app, "list")[1], "the first try")
    assert "next 20" in run_on(app, "list")[1]


def test_old_ones_are_deleted_by_a_job(nowhere, clock, run_on):
    clock.advance(31 * 86400)
    result = nowhere.test_cli_runner().invoke(args=["jobs", "run", "notices_purge"])
    assert result.output == "notices_purge ran; it dealt with 1\n"
    assert run_on(nowhere, "list", "--all") == (0, "There are no notices.\n")
