"""docs/configuration.md lists the settings that api/config.py reads, all of them and no other."""

import ast
import re

from api.config import LIMITS, ROOT
from tests.docs.markdown import read, rows

NAME = re.compile(r"[A-Z][A-Z0-9_]+")
COMPUTED = object()


def settings_read() -> dict[str, object]:
    """Each setting that the code asks the environment for, with its default; COMPUTED where that is no constant."""
    tree = ast.parse((ROOT / "api" / "config.py").read_text(encoding="utf-8"))
    found = dict(LIMITS)
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call) and _asks(node)):
        for name, default in zip(call.args, call.args[1:], strict=False):
            if isinstance(name, ast.Constant) and NAME.fullmatch(str(name.value)):
                found.setdefault(name.value, default.value if isinstance(default, ast.Constant) else COMPUTED)
    return found


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
    assert {"PORT", "REDIS_URL", "LOG_FORMAT", "LIMIT_LOGIN_PER_ADDRESS", "HASH_QUEUE"} <= found.keys()
    assert found["PORT"] == 5000


def test_every_setting_is_listed_and_no_other():
    assert settings_written().keys() == settings_read().keys()


def test_every_default_is_the_code_s():
    written = settings_written()
    for name, default in settings_read().items():
        if default in (COMPUTED, ""):
            assert written[name], name
        else:
            assert written[name] == f"`{default}`", name
