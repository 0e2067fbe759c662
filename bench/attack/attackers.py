"""What attackers do, act by act; none of them cares for anything but the gain."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from random import Random

from bench.attack.referee import Loot
from bench.attack.simulation import Actor
from bench.attack.visitor import Visitor
from bench.attack.work import Worker
from bench.attack.world import World

GUESSES_PER_CODE = 5


@dataclass(frozen=True)
class Botnet:
    """Machines that take turns, each at one of the ``addresses``; with a ``worker`` they do the work that is asked for."""

    world: World
    random: Random
    addresses: Iterator[str]
    worker: Worker | None
    loot: Loot

    def bot(self) -> Visitor:
        """Whose turn it is."""
        return Visitor(self.world.door, next(self.addresses), self.worker, self.loot)

    def spread(self, acts: Iterable[Callable[["Botnet"], Actor]], pause: float) -> Actor:
        """Begin all these acts, one every ``pause`` seconds."""
        for act in acts:
            self.world.simulation.add(self.world.time.now, act(self))
            yield pause


def pump(botnet: Botnet, phone: str) -> Actor:
    """Have a message sent to a number of a carrier that shares its fee; nobody reads it."""
    botnet.loot.tried()
    yield from botnet.bot().post("/v1/sms", phone=phone, purpose="register")


def bomb(botnet: Botnet, phone: str) -> Actor:
    """Have the victim's phone ring, in any way there is."""
    purpose = botnet.random.choice(("register", "login", "reset_password"))
    botnet.loot.tried()
    answer = yield from botnet.bot().post("/v1/sms", phone=phone, purpose=purpose)
    if answer.status == 202:
        for _ in range(4):
            yield 61.0
            botnet.loot.tried()
            yield from botnet.bot().post(f"/v1/sms/{answer.json['sms_id']}/resend")


def guess_code(botnet: Botnet, phone: str) -> Actor:
    """Have a code sent and guess it as often as it allows, each time from another machine."""
    answer = yield from botnet.bot().post("/v1/sms", phone=phone, purpose="login")
    for _ in range(GUESSES_PER_CODE):
        botnet.loot.tried()
        if answer.status == 202:
            yield botnet.random.uniform(1, 10)
            code = f"{botnet.random.randrange(10**6):06}"
            yield from botnet.bot().post("/v1/login", sms_id=answer.json["sms_id"], code=code)


def try_password(botnet: Botnet, account: str, password: str) -> Actor:
    """Guess once."""
    botnet.loot.tried()
    yield from botnet.bot().post("/v1/login", account=account, password=password)
