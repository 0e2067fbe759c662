"""The mall on an ordinary day: who comes, from where, and what each of them feels."""

from random import Random

from bench.attack.accounts import Account, open_accounts
from bench.attack.places import Addresses, Phones
from bench.attack.referee import Experience
from bench.attack.shopper import Shopper
from bench.attack.simulation import Actor
from bench.attack.visitor import Visitor
from bench.attack.work import Worker
from bench.attack.world import World

ACCOUNTS = 10_000
# Of all shoppers: on one campus behind one address, and on a phone behind a carrier's address; the others are at home.
ON_CAMPUS, ON_PHONES = 0.015, 0.6
# Of all shoppers: who registers, and who logs in by code; the others log in by password.
NEWCOMERS, BY_CODE = 0.3, 0.45


class Mall:
    """Honest shoppers, ``per_day`` of them, evenly over the day."""

    def __init__(self, world: World, random: Random, per_day: float) -> None:
        self.phones, self.addresses = Phones(random), Addresses(random)
        self.accounts = open_accounts(world, self.phones, ACCOUNTS)
        self.victim = Account(self.phones.anywhere(), "victim")
        self.experiences: list[Experience] = []
        self._world = world
        self._random = random
        self._per_second = per_day / 86400
        self._worker = Worker()

    def open(self, until: float) -> Actor:
        """Let shoppers come until a Unix time."""
        while self._world.time.now < until:
            self._world.simulation.add(self._world.time.now, self._somebody())
            yield self._random.expovariate(self._per_second)

    def visit_of_victim(self, experience: Experience) -> Actor:
        """Somebody with the number of the victim wants to register, at home."""
        visitor = Visitor(self._world.door, self.addresses.home(), self._worker, experience)
        return Shopper(visitor, self.victim, self._world.carrier, self._random).register()

    def _somebody(self) -> Actor:
        experience = Experience(self._world.time.now)
        self.experiences.append(experience)
        number, kind = len(self.experiences), self._random.random()
        is_new = kind < NEWCOMERS
        account = Account(self.phones.anywhere(), f"new-{number}") if is_new else self.accounts[number % ACCOUNTS]
        visitor = Visitor(self._world.door, self._address(), self._worker, experience)
        shopper = Shopper(visitor, account, self._world.carrier, self._random)
        if is_new:
            return shopper.register()
        return shopper.log_in_by_code() if kind < NEWCOMERS + BY_CODE else shopper.log_in()

    def _address(self) -> str:
        place = self._random.random()
        if place < ON_CAMPUS:
            return self.addresses.campus
        return self.addresses.carrier() if place < ON_CAMPUS + ON_PHONES else self.addresses.home()
