"""The attacks: how many, from where, at whom, and how fast."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle
from math import ceil

from bench.attack.attackers import Botnet, bomb, guess_code, pump, try_password
from bench.attack.mall import Mall
from bench.attack.simulation import Actor

HOUR = 3600
Act = Callable[[Botnet], Actor]
SPRAYED = ("123456789", "qwerty12345", "woaini1314", "password1", "a123456789")


@dataclass(frozen=True)
class Attack:
    """``acts`` at full size are spread evenly over ``seconds``, from so many ``addresses``.

    ``targets`` gives as many acts as it is asked for. What it is after are messages, or verdicts on guesses.
    """

    name: str
    acts: int
    seconds: float
    addresses: int
    targets: Callable[[Mall, int], Iterator[Act]]
    after_messages: bool = True
    from_data_centre: bool = False
    shoppers_per_day: int = 20_000

    def sources(self, mall: Mall, scale: float) -> Iterator[str]:
        """The addresses of its machines, over and over."""
        count = max(1, round(self.addresses * scale))
        return cycle(mall.addresses.data_centre(count) if self.from_data_centre else mall.addresses.bots(count))


def _pump_ranges(mall: Mall, count: int) -> Iterator[Act]:
    """Ranges that belong to a carrier that has its share, each bought whole."""
    numbers = mall.phones.ranges(ceil(count / 10_000))
    return (partial(pump, phone=phone) for phone in numbers[:count])


def _pump_anywhere(mall: Mall, count: int) -> Iterator[Act]:
    return (partial(pump, phone=mall.phones.anywhere()) for _ in range(count))


def _bomb(mall: Mall, count: int) -> Iterator[Act]:
    return (partial(bomb, phone=mall.victim.phone) for _ in range(count))


def _guess_codes(mall: Mall, count: int) -> Iterator[Act]:
    """Strangers' numbers; whether they have accounts makes no difference to the answer."""
    return (partial(guess_code, phone=mall.phones.anywhere()) for _ in range(count))


def _spray(mall: Mall, count: int) -> Iterator[Act]:
    """The commonest passwords, each on all accounts before the next."""
    for number in range(count):
        turn, whose = divmod(number, len(mall.accounts))
        yield partial(try_password, account=mall.accounts[whose].username, password=SPRAYED[turn % len(SPRAYED)])


def _stuff(mall: Mall, count: int) -> Iterator[Act]:
    """Pairs out of somebody else's leak: one in ten has an account here, one in a hundred with that password."""
    for number in range(count):
        account = mall.accounts[number // 10 % len(mall.accounts)]
        name = account.username if number % 10 == 0 else f"stranger-{number}"
        yield partial(try_password, account=name, password=account.password if number % 100 == 0 else "from-a-leak-1")


PUMPING = Attack("", acts=100_000, seconds=2 * HOUR, addresses=10_000, targets=_pump_ranges)
GUESSING = replace(PUMPING, acts=50_000, addresses=1_000, after_messages=False)
ATTACKS = {
    "pump-ranges": replace(PUMPING, name="SMS pumping: ten ranges of numbers, bots at home"),
    "pump-data-centre": replace(PUMPING, name="SMS pumping: ten ranges, a data centre", from_data_centre=True),
    "pump-anywhere": replace(PUMPING, name="SMS pumping: numbers anywhere, bots at home", targets=_pump_anywhere),
    "bomb": replace(
        PUMPING,
        name="SMS bombing of one victim",
        acts=9_000,
        seconds=25 * HOUR,
        addresses=1_000,
        targets=_bomb,
        shoppers_per_day=1_000,
    ),
    "guess-codes": replace(GUESSING, name="Guessing codes of many phones", acts=20_000, targets=_guess_codes),
    "spray": replace(GUESSING, name="Password spraying", targets=_spray),
    "stuff": replace(GUESSING, name="Credential stuffing", addresses=2_500, targets=_stuff),
}
