"""One attack beside an ordinary day of the mall, and what the referee saw of it."""

from collections import Counter
from dataclasses import dataclass
from random import Random

from bench.attack.attackers import Botnet
from bench.attack.attacks import Attack
from bench.attack.mall import Mall
from bench.attack.referee import Experience, Hindered, Loot, most_within
from bench.attack.work import Worker
from bench.attack.world import World

WARM_UP, WELL_BEGUN = 1800, 600
MINUTE, HOUR, DAY = 60, 3600, 86400
BETWEEN_VISITS = 3 * HOUR


@dataclass(frozen=True)
class Gain:
    """What attackers had of some time: how often they tried, messages sent for them, guesses called right or wrong."""

    tries: int
    messages: int
    verdicts: int

    def of(self, attack: Attack) -> int:
        """Of what the attack is after."""
        return self.messages if attack.after_messages else self.verdicts


@dataclass(frozen=True)
class Played:
    """The whole gain, and that after the first ten minutes; what it cost the attackers in seconds of a phone's work.

    ``victim`` is the most messages that one number got in a minute, an hour and a day; ``of_victim`` are its own visits.
    """

    attack: Attack
    challenge: str
    solves: bool
    gain: Gain
    late: Gain
    answers: Counter[str]
    works: int
    work_seconds: float
    honest: Hindered
    victim: tuple[int, int, int]
    of_victim: Hindered
    strange: Counter[str]


def play(
    attack: Attack, challenge: str, solves: bool, scale: float, seed: int, settings: dict[str, str] | None = None
) -> Played:
    """Let it happen, at ``scale`` of its full size, with ``CHALLENGE`` as named; the same seed draws the same people.

    ``settings`` are what else is not as by default.
    """
    random = Random(seed)
    with World({"CHALLENGE": challenge} | (settings or {})) as world:
        start = world.time.now + WARM_UP
        end = start + attack.seconds
        mall = Mall(world, random, attack.shoppers_per_day)
        world.simulation.add(world.time.now, mall.open(end))
        loot, worker = Loot(world.time), Worker()
        botnet = Botnet(world, random, attack.sources(mall, scale), worker if solves else None, loot)
        count = max(1, round(attack.acts * scale))
        world.simulation.add(start, botnet.spread(attack.targets(mall, count), attack.seconds / count))
        visits = _visits_of_victim(world, mall, start, end)
        world.simulation.run(end)
        felt = [experience for experience in mall.experiences if experience.began >= start]
        rings = list(world.carrier.codes_on({mall.victim.phone}))
    return Played(
        attack=attack,
        challenge=challenge,
        solves=solves,
        gain=_gain(loot, 0),
        late=_gain(loot, start + WELL_BEGUN),
        answers=loot.answers,
        works=worker.solved,
        work_seconds=worker.seconds,
        honest=Hindered.of(felt),
        victim=(most_within(rings, MINUTE), most_within(rings, HOUR), most_within(rings, DAY)),
        of_victim=Hindered.of(visits),
        strange=Counter(loot.strange) + Counter(code for experience in felt + visits for code in experience.strange),
    )


def _visits_of_victim(world: World, mall: Mall, start: float, end: float) -> list[Experience]:
    """Every three hours, in attacks that are so long."""
    count = int((end - start) // BETWEEN_VISITS)
    visits = [Experience(start + number * BETWEEN_VISITS) for number in range(1, count)]
    for experience in visits:
        world.simulation.add(experience.began, mall.visit_of_victim(experience))
    return visits


def _gain(loot: Loot, since: float) -> Gain:
    return Gain(*(sum(at >= since for at in times) for times in (loot.tries, loot.messages, loot.verdicts)))
