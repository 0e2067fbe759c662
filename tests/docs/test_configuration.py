"""docs/configuration.md lists the settings that api/config.py and its neighbours read, all of them and no other."""

import ast
import re

from api.config import LIMITS, ROOT
from api.config_sms import ACCOUNTS, SIGNED, TEMPLATE_NAMES
from tests.docs.markdown import read, rows

NAME = re.compile(r"[A-Z][A-Z0-9_]+")
COMPUTED = object()


def settings_read() -> dict[str, object]:
    """Each setting that the code asks the environment for, with its default; COMPUTED where that is no constant."""
    found = dict(LIMITS) | _of_vendors()
    for module in ("config.py", "config_mail.py", "config_sms.py", "config_tokens.py", "config_values.py"):
        tree = ast.parse((ROOT / "api" / module).read_text(encoding="utf-8"))
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call) and _asks(node)):
            name, default = _name_and_default(call)
            if isinstance(name, ast.Constant) and NAME.fullmatch(str(name.value)):
                found.setdefault(name.value, default.value if isinstance(default, ast.Constant) else COMPUTED)
    return found


def _of_vendors() -> dict[str, object]:
    """The names that api/config_sms.py puts together; those by purpose and language are told in words."""
    found: dict[str, object] = {}
    for vendor, account in ACCOUNTS.items():
        found |= {f"{vendor.upper()}_{name}": default for name, default in account.items()}
    for vendor, template in TEMPLATE_NAMES.items():
        found |= {f"{vendor.upper()}_{template}": "", f"{vendor.upper()}_TEMPLATE_PARAMS": "code"}
    return found | {f"{vendor.upper()}_SIGN_NAME": "" for vendor in SIGNED}


def _name_and_default(call: ast.Call) -> tuple[ast.expr | None, ast.expr | None]:
    """What follows ``env``, or what is asked of it."""
    place = next((i + 1 for i, part in enumerate(call.args) if isinstance(part, ast.Name) and part.id == "env"), 0)
    name, default, *_ = (*call.args[place:], None, None)
    return name, default


def _asks(call: ast.Call) -> bool:
    parts = (call.func.value if isinstance(call.func, ast.Attribute) else None, *call.args)
    return any(isinstance(part, ast.Name) and part.id == "env" for part in parts)


def settings_written() -> dict[str, str]:
    """Each setting of the page, with the cell of its default."""
    table = [row for row in rows(read("docs/configuration.md")) if NAME.fullmatch(row[0].strip("`"))]
    names = [row[0].strip("`") for row in table]
    assert len(names) == len(set(names))
    return {row[0].strip("`"): row[1] for row in table}


def test_the_reading_finds_the_settings():
    found = settings_read()
    assert {"PORT", "REDIS_URL", "LOG_FORMAT", "LIMIT_LOGIN_PER_ADDRESS", "SMS_BUDGET_PER_DAY"} <= found.keys()
    assert found["PORT"] == 5000


def test_every_setting_is_listed_and_no_other():
    assert settings_written().keys() == settings_read().keys()


def test_every_default_is_the_code_s():
    written = settings_written()
    for name, default in settings_read().items():
        if default in (COMPUTED, "", None):
            assert written[name], name
        else:
            assert written[name] == f"`{default}`", name
