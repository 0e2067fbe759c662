"""The accounts that the mall has already, put straight into its database."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import insert

from bench.attack.places import Phones
from bench.attack.world import World
from models import User
from services.ids import new_id

PASSWORD = "correct horse battery"
AGE = timedelta(days=30)


@dataclass(frozen=True)
class Account:
    """What its owner knows of it."""

    phone: str
    username: str
    password: str = PASSWORD


def open_accounts(world: World, phones: Phones, count: int) -> list[Account]:
    """So many accounts, a month old and in use, all with one password."""
    accounts = [Account(phones.anywhere(), f"shopper-{number}") for number in range(count)]
    created = world.time() - AGE
    password_hash = world.services.logins._passwords.hash(PASSWORD)
    rows = [
        {
            "id": new_id(),
            "phone": account.phone,
            "username": account.username,
            "username_key": account.username,
            "email": "shopper@example.com",
            "password_hash": password_hash,
            "status": "active",
            "credential_version": 1,
            "email_version": 1,
            "seen_at": world.time(),
            "created_at": created,
        }
        for account in accounts
    ]
    with world.services.database.transaction() as connection:
        connection.execute(insert(User), rows)
    return accounts
