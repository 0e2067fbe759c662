"""The Lua files beside this module, each one atomic act inside Redis."""

from pathlib import Path
from typing import Any

from redis import Redis
from redis.commands.core import Script

FOLDER = Path(__file__).parent / "lua"


def load_script(redis: "Redis[Any] | Any", name: str) -> Script:
    """The script of ``lua/{name}.lua``: called by its hash, loaded again after a flush."""
    return Script(redis, (FOLDER / f"{name}.lua").read_text(encoding="utf-8"))
