"""What waiting for a gateway costs: messages per second through a slow one, and the latency of others meanwhile.

Usage: python -m bench.sending [--seconds 3] [--rounds 3] [--workers 2] [--threads 20]

Each round measures GET /v1/me beside nothing, beside senders that fill every place, and beside the control of each: the
same messages to a gateway that answers at once, so that the callers let the same time pass and not the server.
"""

import argparse
import time
from collections import defaultdict
from concurrent.futures import Future
from functools import reduce
from operator import add

from api.wiring_sms import CALL_SECONDS, SHARE_OF_THREADS
from bench.callers import Answer, Callers, Habit
from bench.cpu import idle_seconds
from bench.gateway import HANGS, SlowGateway
from bench.load import Run, load
from bench.sending_report import Beside, beside_table, comparison_table, sends_table
from bench.sends import Sends
from bench.shoppers import Shoppers
from bench.stage import Stage
from tests.servers.process import free_port

SLOW_SECONDS = 0.2
REFUSED_SECONDS = 0.1
FILL_SECONDS = 0.7
SETTLE_SECONDS = 0.6
# Calls that hang must outlast what is measured beside them, as the breaker opens when they end.
MOST_SECONDS = int(CALL_SECONDS - FILL_SECONDS - SETTLE_SECONDS)
# Many readers who rest long are shared more evenly by the workers than few who rest little.
READERS = 16
REST_MILLISECONDS = 40
MOST_ORDERS = 4000
# Beside GET /v1/me: senders or none, the seconds that the gateway takes, and those that a sender rests after a message.
SCENES = {
    "nothing": (0, 0.0, 0.0),
    "callers wait": (1, 0.0, SLOW_SECONDS),
    "gateway waits": (1, SLOW_SECONDS, 0.0),
    "callers rest": (1, 0.0, CALL_SECONDS),
    "gateway hangs": (1, HANGS, 0.0),
}
PAIRS = (
    ("callers rest", "nothing"),
    ("callers wait", "nothing"),
    ("gateway waits", "callers wait"),
    ("gateway hangs", "callers rest"),
)


class Bench:
    """One server, one gateway, and all who call."""

    def __init__(self, stage: Stage, gateway: SlowGateway, callers: Callers) -> None:
        self.places = stage.config.workers * max(1, stage.config.threads // SHARE_OF_THREADS)
        self._stage = stage
        self._gateway = gateway
        self._callers = callers
        self._shoppers = Shoppers(stage.url, stage.config, stage.folder, accounts=READERS)

    def crowd(self, delay: float, warm: float, seconds: float) -> Sends:
        """Send with twice as many callers as there are places; what comes in the first ``warm`` seconds doesn't count."""
        self._gateway.wait(delay)
        start = time.monotonic() + warm
        answers = self._send(2 * self.places, 0, warm + seconds).result()
        return _between(answers, start, start + seconds)

    def beside(self, scene: str, seconds: int) -> Beside:
        """Measure ``GET /v1/me`` beside as many senders as there are places.

        At first the gateway hangs: the refused come back until every place is taken. So the senders are spread over the
        workers alike, whatever follows.
        """
        senders, delay, rest = SCENES[scene]
        self._gateway.wait(HANGS)
        sends = self._send(senders * self.places, rest, FILL_SECONDS + SETTLE_SECONDS + seconds + 0.2)
        time.sleep(FILL_SECONDS)
        self._gateway.wait(delay)
        time.sleep(SETTLE_SECONDS)
        start, idle = time.monotonic(), idle_seconds()
        run = self._read(seconds)
        end, idle, waiting = time.monotonic(), idle_seconds() - idle, self._gateway.calls
        self._gateway.wait(0)
        return Beside(run, _between(sends.result(), start, end), waiting, idle / (end - start))

    def _send(self, callers: int, rest: float, seconds: float) -> Future[list[Answer]]:
        orders = self._shoppers.sms(MOST_ORDERS)
        return self._callers.start(orders, Habit(callers, rest, REFUSED_SECONDS), seconds)

    def _read(self, seconds: int) -> Run:
        url, tokens = f"{self._stage.url}/v1/me", self._shoppers.access_tokens()
        return load(self._stage, url, "lines.lua", READERS, seconds, "GET", tokens, REST_MILLISECONDS)


def main() -> None:
    """Measure, and print the tables."""
    options, port = _read_options(), free_port()
    with (
        SlowGateway(port) as gateway,
        Stage(options.workers, THREADS=options.threads, **_settings(gateway)) as stage,
        Callers(stage.url) as callers,
    ):
        bench = Bench(stage, gateway, callers)
        found = _rounds(bench, options.rounds, options.seconds)
        slow, hanging = bench.crowd(SLOW_SECONDS, 1, 6), bench.crowd(HANGS, 0, CALL_SECONDS + 2)
        errors = stage.errors()
    sends = {
        "at once, one caller a place, who rests 200 ms": _joined(found["callers wait"]),
        "after 200 ms, one caller a place": _joined(found["gateway waits"]),
        "after 200 ms, two callers a place": slow,
        "never, two callers a place": hanging,
    }
    ceiling = bench.places / SLOW_SECONDS
    print(beside_table(found), comparison_table(found, PAIRS), sends_table(sends, ceiling), sep="\n\n")
    print(f"\nMost calls at once in the gateway: {gateway.most}, of {bench.places} places.")
    if any(beside.is_void for rounds in found.values() for beside in rounds):
        print("Requests failed; the last errors in the server's log:", *errors, sep="\n")


def _rounds(bench: Bench, rounds: int, seconds: int) -> dict[str, list[Beside]]:
    """Every scene in turn, one round forwards and the next backwards, after one that doesn't count."""
    found: dict[str, list[Beside]] = defaultdict(list)
    bench.beside("callers wait", 1)
    for number in range(rounds):
        for scene in list(SCENES)[:: 1 if number % 2 else -1]:
            found[scene].append(bench.beside(scene, seconds))
    return {scene: found[scene] for scene in SCENES}


def _between(answers: list[Answer], start: float, end: float) -> Sends:
    return Sends(end - start, [answer for answer in answers if start <= answer.at < end])


def _joined(rounds: list[Beside]) -> Sends:
    return reduce(add, (beside.sends for beside in rounds))


def _settings(gateway: SlowGateway) -> dict[str, str]:
    return {
        "SMS_GATEWAYS": "webhook",
        "SMS_UNVERIFIED_PER_PREFIX": "none",
        "WEBHOOK_URL": gateway.url,
        "WEBHOOK_SECRET": "the-webhook-secret-of-the-benchmark",
    }


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.sending", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=3, choices=range(1, MOST_SECONDS + 1), help="of each run")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=20, help="of each worker")
    return parser.parse_args()


if __name__ == "__main__":
    main()
