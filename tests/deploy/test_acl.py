"""deploy/redis/accounts.acl, without a Redis: whatever is added to the server must be let in there."""

import re
from fnmatch import fnmatchcase

from tests.deploy.stack import DEPLOY
from tests.docs.markdown import ROOT, read, rows, section

RULES = re.sub(r"^#.*$", "", (DEPLOY / "redis/accounts.acl").read_text(encoding="utf-8"), flags=re.MULTILINE).split()
# What stands in that column too, and is a part of a key.
PARTS = ("sms_id", ":day:…", ":region:…", ":prefix:…")
CALL = re.compile(r"redis\.call\('(\w+)'")


def test_every_command_of_the_scripts_is_let_in():
    called = {name.lower() for path in ROOT.glob("services/lua/*.lua") for name in CALL.findall(path.read_text())}
    assert called - {rule[1:] for rule in RULES if rule.startswith("+")} == set()
    assert "-@all" in RULES
    assert not any(rule.startswith("+@") for rule in RULES)


def test_every_key_that_is_listed_is_let_in_and_no_other():
    table = rows(section(read("docs/architecture.md"), "### Keys in Redis").partition("### Keys in Redis")[2])
    listed = [name for row in table for name in re.findall(r"`([^`]+)`", row[0]) if name not in PARTS]
    patterns = [rule[1:] for rule in RULES if rule.startswith("~")]
    assert [name for name in listed if not any(fnmatchcase(name, pattern) for pattern in patterns)] == []
    assert [pattern for pattern in patterns if not any(fnmatchcase(name, pattern) for name in listed)] == []
