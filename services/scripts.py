"""The Lua files beside this module, each one atomic act inside Redis."""

from pathlib import Path
from typing import Any, TypeAlias

from redis.commands.core import Script

# redis-py gives each command the types of both its synchronous and its asynchronous client; ours is the former.
RedisClient: TypeAlias = Any

FOLDER = Path(__file__).parent / "lua"


def load_script(redis: RedisClient, name: str) -> Script:
    """The script of ``lua/{name}.lua``: called by its hash, loaded again after a flush."""
    script: Script = redis.register_script((FOLDER / f"{name}.lua").read_text(encoding="utf-8"))
    return script
