"""Who asks: accounts made over HTTP, and files of what wrk sends for them."""

import itertools
import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from api.config import Config
from bench.hashing import PASSWORD
from services.clock import system_clock
from services.keyring import Keyring
from services.tickets import Tickets

ACCOUNTS = 200
# The one of bench/lua/lines.lua.
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"


class Shoppers:
    """Gives out phones, tickets and sessions, each once; writes them to files below ``folder``."""

    def __init__(self, url: str, config: Config, folder: Path, accounts: int = ACCOUNTS) -> None:
        self._folder = folder
        self._numbers = itertools.count()
        self._tickets = Tickets(Keyring(config.secret_keys), system_clock, config.ticket_seconds)
        self.accounts: list[dict[str, Any]] = []
        with ThreadPoolExecutor(config.workers * 2) as threads:
            self.accounts = list(threads.map(lambda _: _register(url, self._form()), range(accounts)))
        self._refresh_tokens = [account["refresh_token"] for account in self.accounts]

    def access_tokens(self) -> Path:
        """The access tokens of all accounts."""
        return self._write("access_tokens", (account["access_token"] for account in self.accounts))

    def refresh_tokens(self, count: int) -> Path:
        """So many sessions that nobody has refreshed yet."""
        given, self._refresh_tokens = self._refresh_tokens[:count], self._refresh_tokens[count:]
        if len(given) < count:
            raise LookupError("too few sessions: fewer rounds, or more ACCOUNTS")
        return self._write("refresh_tokens", given)

    def logins(self) -> Path:
        """A login for each account."""
        names = (account["user"]["username"] for account in self.accounts)
        return self._write("logins", (json.dumps({"account": name, "password": PASSWORD}) for name in names))

    def forms(self, count: int) -> Path:
        """Registrations, each with a ticket of its own."""
        return self._write("forms", (json.dumps(self._form()) for _ in range(count)))

    def sms(self, count: int) -> Path:
        """Orders of a code, each for a phone of its own."""
        orders = ({"phone": self._phone(), "purpose": "register"} for _ in range(count))
        return self._write("sms", map(json.dumps, orders))

    def _phone(self) -> str:
        return f"+86139{next(self._numbers):08}"

    def _form(self) -> dict[str, str]:
        phone = self._phone()
        return {
            "ticket": self._tickets.issue(phone),
            "username": f"shopper-{phone[-8:]}",
            "email": "shopper@example.com",
            "password": PASSWORD,
            "password_confirm": PASSWORD,
        }

    def _write(self, name: str, lines: Iterable[str]) -> Path:
        path = self._folder / name
        path.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
        return path


def _register(url: str, form: dict[str, str]) -> dict[str, Any]:
    headers = {"Content-Type": "application/json", "User-Agent": AGENT}
    request = Request(f"{url}/v1/register", json.dumps(form).encode(), headers)
    with urlopen(request, timeout=10) as answer:
        body: dict[str, Any] = json.load(answer)
    return body
