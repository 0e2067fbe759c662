"""Attacks on the real app, beside honest shoppers, in a time that is turned by hand.

Usage: python -m bench.attack [--scale 1] [--only pump-ranges,spray] [--challenge adaptive,off] [--bots idle,working]
       [--set SMS_BUDGET_PER_HOUR=1400]
"""

import argparse
import sys
import time
from dataclasses import replace

from bench.attack.attacks import ATTACKS, Attack
from bench.attack.match import play
from bench.attack.report import remarks, row, table


def main() -> None:
    """Play, and print the table."""
    options = _read_options()
    matches = []
    for name in options.only.split(","):
        for challenge in options.challenge.split(","):
            for bots in options.bots.split(","):
                began = time.monotonic()
                attack, settings = _as_asked(ATTACKS[name], options), dict(pair.split("=", 1) for pair in options.set)
                matches.append(play(attack, challenge, bots == "working", options.scale, options.seed, settings))
                took = f"{name} {challenge} {bots}: {time.monotonic() - began:.0f} s"
                print(took, row(matches[-1]), sep="\n", file=sys.stderr, flush=True)
    print(table(matches), remarks(matches), sep="\n\n")


def _as_asked(attack: Attack, options: argparse.Namespace) -> Attack:
    """Its name says what is not as by default."""
    told = [f"`{pair}`" for pair in options.set] + ([f"at {options.scale:g} of its size"] if options.scale != 1 else [])
    named = replace(attack, name=", ".join([attack.name, *told]))
    return replace(named, shoppers_per_day=options.shoppers) if options.shoppers else named


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.attack", description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=1, help="of the attacks; the shoppers stay as many")
    parser.add_argument("--shoppers", type=int, help="a day, where not each attack's own number")
    parser.add_argument("--only", default=",".join(ATTACKS), help="attacks, comma separated")
    parser.add_argument("--challenge", default="adaptive", help="settings of CHALLENGE, comma separated")
    parser.add_argument("--bots", default="idle,working", help="whether they do the work that is asked for")
    parser.add_argument("--set", action="append", default=[], help="another setting, NAME=VALUE; may be repeated")
    parser.add_argument("--seed", type=int, default=5, help="of everybody's chances")
    return parser.parse_args()


if __name__ == "__main__":
    main()
