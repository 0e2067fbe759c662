"""What the services of every feature stand on."""

from dataclasses import dataclass

from api.config import Config
from models.database import Database
from services.clock import Clock
from services.events import Events
from services.keyring import Keyring
from services.owed import Owed
from services.scripts import RedisClient
from services.session_cache import SessionCache


@dataclass(frozen=True, kw_only=True)
class Basis:
    """The settings, where state lives, the keys and the time; and what is told of accounts."""

    config: Config
    database: Database
    redis: RedisClient
    owed: Owed
    keyring: Keyring
    clock: Clock
    cache: SessionCache
    events: Events
