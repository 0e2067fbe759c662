"""Where people are: phone numbers, and addresses."""

from collections.abc import Callable
from random import Random

# Blocks of mobile numbers in mainland China, each with 10,000 ranges that differ in the last four digits only.
BLOCKS = (*range(130, 140), 150, 151, 152, 153, 155, 156, 157, 158, 159, *range(180, 190))
HOME_NETWORKS = 200_000
CARRIER_NETWORKS, PHONES_PER_NETWORK = 400, 50


class Phones:
    """Numbers (E.164), each given out once."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._given: set[str] = set()

    def anywhere(self) -> str:
        """One of the country's, whatever its range."""
        return self._new(lambda: f"+86{self._random.choice(BLOCKS)}{self._random.randrange(10**8):08}")

    def ranges(self, count: int) -> list[str]:
        """All numbers of so many ranges, in any order, whoever else may have one of them."""
        ranges: set[str] = set()
        while len(ranges) < count:
            ranges.add(f"+86{self._random.choice(BLOCKS)}{self._random.randrange(10**4):04}")
        numbers = [f"{begin}{end:04}" for begin in sorted(ranges) for end in range(10**4)]
        self._random.shuffle(numbers)
        return numbers

    def _new(self, draw: Callable[[], str]) -> str:
        phone = draw()
        while phone in self._given:
            phone = draw()
        self._given.add(phone)
        return phone


class Addresses:
    """The IPv4 addresses of a country: 200,000 home networks, and 400 of carriers with 50 addresses that phones share."""

    campus = "60.0.0.1"

    def __init__(self, random: Random) -> None:
        self._random = random

    def home(self) -> str:
        """A household's."""
        network = self._random.randrange(HOME_NETWORKS)
        return f"{20 + network // 65536}.{network // 256 % 256}.{network % 256}.{self._random.randrange(1, 255)}"

    def carrier(self) -> str:
        """One that a carrier's phones share."""
        network = self._random.randrange(CARRIER_NETWORKS)
        return f"40.{network // 256}.{network % 256}.{self._random.randrange(1, PHONES_PER_NETWORK + 1)}"

    def data_centre(self, count: int) -> list[str]:
        """So many side by side, 250 in a network."""
        return [f"50.0.{number // 250}.{number % 250 + 1}" for number in range(count)]

    def bots(self, count: int) -> list[str]:
        """So many that were broken into: nine in ten at home, one in ten a phone behind its carrier."""
        return [self.carrier() if number % 10 == 0 else self.home() for number in range(count)]
