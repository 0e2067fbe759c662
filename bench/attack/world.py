"""One mall, whole: the real app on a real Redis and a real database, in a time that is turned by hand."""

import logging
import os
import shutil
from contextlib import ExitStack

import structlog

from api.app import create_app
from api.config import Config, read_config
from api.migrate import migrate
from bench.attack.carrier import Carrier
from bench.attack.front_door import FrontDoor
from bench.attack.hand_turned import HandTurnedRedis, HandTurnedTime
from bench.attack.simulation import Simulation
from bench.attack.work import one_cheap_try
from services.sends import MARK
from tests.servers.process import temporary_folder
from tests.settings import KEPT, environment_of

SECRET = "a-secret-of-the-simulator-that-is-long-enough-0123456789"
# A morning in China. Counters by the hour of the clock begin anew in the middle of the attacks.
MORNING = 1_772_503_200.0 + 25 * 60
# Time is not what is measured, so hashing is cheap; everything else is as by default.
SETTINGS = {
    "SECRET_KEYS": SECRET,
    "JOBS": "off",
    "ARGON2_MEMORY_KIB": "8",
    "ARGON2_ITERATIONS": "1",
    "REDIS_TIMEOUT_SECONDS": "10",
}


class World:
    """``with World(settings) as world``; ``settings`` override the product's defaults."""

    def __init__(self, settings: dict[str, str]) -> None:
        with ExitStack() as parts:
            folder = temporary_folder("attack")
            parts.callback(shutil.rmtree, folder, ignore_errors=True)
            redis = HandTurnedRedis(MORNING)
            parts.callback(shutil.rmtree, redis.folder, ignore_errors=True)
            parts.callback(redis.process.kill)
            parts.enter_context(one_cheap_try())
            self.time = parts.enter_context(HandTurnedTime(MORNING, redis))
            self.config = _read_config(
                {
                    "INSTANCE_DIR": str(folder),
                    "DATABASE_URL": f"sqlite:///{folder}/mall.sqlite3",
                    "REDIS_URL": redis.url,
                }
                | settings
            )
            migrate(self.config)
            self.carrier = Carrier()
            self.carrier.clock = self.time
            app = create_app(self.config, self.time, [self.carrier])
            structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
            self.services = app.extensions["dongbao"]
            parts.callback(self.services.database.engine.dispose)
            # It has counted for days, so that the table of messages is not asked besides.
            self.services.redis.set(f"{MARK}:{self.services.redis.reign('')}", 1)
            self.door = FrontDoor(app)
            self.simulation = Simulation(self.time)
            self._parts = parts.pop_all()

    def __enter__(self) -> "World":
        return self

    def __exit__(self, *_: object) -> None:
        self._parts.close()


def _read_config(settings: dict[str, str]) -> Config:
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    with environment_of(kept | SETTINGS | settings):
        return read_config()
