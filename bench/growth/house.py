"""A house with so many accounts: an app with its database and its Redis, how it is asked, and what a request costs."""

import itertools
import random
import time
from collections.abc import Iterable
from contextlib import redirect_stderr
from dataclasses import dataclass, replace
from datetime import timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import psycopg
from werkzeug.test import EnvironBuilder, run_wsgi_app

from api.app import create_app
from api.config import Config
from api.migrate import migrate
from bench.growth.fill import AGENT, Accounts, fill
from bench.hashing import PASSWORD
from services.background import drain
from services.clock import system_clock
from services.tokens import Claims, RefreshClaims
from sms.memory import MemoryGateway
from tests.servers.postgres import PostgresServer
from tests.servers.redis import RedisServer

Environ = dict[str, Any]


@dataclass(frozen=True)
class Cost:
    """CPU seconds of one request by who used them, and seconds until its reply."""

    app: float
    sql: float
    redis: float
    wait: float

    @property
    def cpu(self) -> float:
        """All together."""
        return self.app + self.sql + self.redis


class House:
    """One app in this process, with a database and a Redis of its own. ``pick`` gives accounts at random."""

    def __init__(self, config: Config, postgres: PostgresServer, many: int) -> None:
        self.accounts = Accounts(many, int(time.time() * 1000))
        self.redis = RedisServer()
        self._folder, self._name = postgres.folder, f"growth_{many}"
        with postgres.connect() as connection:
            connection.execute(f"CREATE DATABASE {self._name}")
        url = f"postgresql+psycopg://dongbao@/{self._name}?host={postgres.folder}"
        self.config = replace(config, database_url=url, redis_url=self.redis.url, ratelimit_storage_uri=self.redis.url)
        migrate(self.config)
        with (config.instance / "log").open("a") as log, redirect_stderr(log):
            self.app = create_app(self.config, gateways=[MemoryGateway()])
        self.wired = self.app.extensions["dongbao"]
        with self.connect() as connection:
            fill(connection, self.accounts, self.wired.passwords.hash(PASSWORD))
        self.unused = itertools.count()

    def connect(self) -> psycopg.Connection:
        """Beside the app's connections."""
        return psycopg.connect(
            host=str(self._folder), user="dongbao", dbname=self._name, autocommit=True, application_name="beside"
        )

    def remove(self) -> None:
        """End what the app holds; the database goes with its server."""
        self.wired.database.engine.dispose()
        self.redis.remove()

    def pick(self) -> int:
        """Some account."""
        return random.randrange(self.accounts.many)

    def generation(self, number: int, counter: int) -> RefreshClaims:
        """What the tokens of an account's living session say in this generation of theirs."""
        claims = Claims(self.accounts.user_id(number), self.accounts.session_id(number), 1)
        return RefreshClaims(claims, counter, system_clock() + timedelta(days=90))

    def request(
        self, method: str, path: str, body: Any = None, number: int | None = None, address: str | None = None
    ) -> Environ:
        """A request from an ``address``, else one of its own, with the token of an account if it has a ``number``."""
        headers = {"User-Agent": AGENT, "X-Forwarded-For": address or _address()}
        if number is not None:
            headers["Authorization"] = f"Bearer {self.wired.tokens.sign_access(self.generation(number, 1))}"
        return EnvironBuilder(path=path, method=method, headers=headers, json=body or None).get_environ()

    def ask(self, environ: Environ) -> None:
        """Have it answered; raises unless all went well."""
        content, status, _ = run_wsgi_app(self.app, environ, buffered=True)
        if int(status[:3]) >= 400:
            raise AssertionError(f"{environ['PATH_INFO']}: {status} {b''.join(content).decode()}")

    def cost(self, environs: Iterable[Environ]) -> Cost:
        """The mean of these requests, with what they leave to be done after the reply."""
        environs, backends, server = list(environs), self._backends(), self._redis_pid()
        clocks, start = _clocks(backends, server), time.perf_counter()
        for environ in environs:
            self.ask(environ)
        wait = time.perf_counter() - start
        drain(10)
        used = [after - before for before, after in zip(clocks, _clocks(backends, server), strict=True)]
        return Cost(*(seconds / len(environs) for seconds in (*used, wait)))

    def wal_bytes(self, environs: Iterable[Environ]) -> float:
        """What PostgreSQL logs for one of these requests."""
        environs = list(environs)
        with self.connect() as connection:
            before = _position(connection)
            for environ in environs:
                self.ask(environ)
            drain(10)
            return (_position(connection) - before) / len(environs)

    def _backends(self) -> list[int]:
        query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name <> 'beside'"
        with self.connect() as connection:
            return [pid for (pid,) in connection.execute(query)]

    def _redis_pid(self) -> int:
        with self.redis.connect() as redis:
            return int(redis.info("server")["process_id"])


def _address() -> str:
    return str(IPv4Address(random.randrange(2**24, 2**31)))


def _clocks(backends: Iterable[int], server: int) -> tuple[float, float, float]:
    """CPU seconds of this process, the database's and Redis's."""
    return time.process_time(), sum(map(_seconds, backends)), _seconds(server)


def _seconds(pid: int) -> float:
    """CPU of a process' main thread, to the nanosecond, where ``ps`` would round to hundredths."""
    return int(Path(f"/proc/{pid}/schedstat").read_text("ascii").split()[0]) / 1e9


def _position(connection: psycopg.Connection) -> int:
    row = connection.execute("SELECT pg_current_wal_insert_lsn() - '0/0'").fetchone()
    return int(row[0]) if row else 0
