"""The tables."""

from collections.abc import Sequence

from bench.attack.match import Played
from bench.attack.referee import Hindered

YUAN_A_MESSAGE = 0.045
HEAD = (
    *(
        "attack",
        "`CHALLENGE`",
        "bots work",
        "tries",
        "messages sent",
        "for ¥",
        "guesses answered",
        "phone-hours of work",
    ),
    *("stopped after 10 min", "honest shoppers", "refused", "asked for work"),
)


def table(matches: Sequence[Played]) -> str:
    """A line for each match."""
    lines = [_line(*HEAD), "| --- | --- | --- " + "| ---: " * (len(HEAD) - 3) + "|"]
    return "\n".join([*lines, *(row(played) for played in matches)])


def remarks(matches: Sequence[Played]) -> str:
    """What the table has no room for: the answers that attackers and shoppers got, and the victim's day."""
    return "\n".join(line for played in matches for line in _remarks(played))


def row(played: Played) -> str:
    """The line of one match."""
    gain, late, honest = played.gain, played.late, played.honest
    return _line(
        played.attack.name,
        played.challenge,
        "yes" if played.solves else "no",
        f"{gain.tries:,}",
        f"{gain.messages:,}",
        f"{gain.messages * YUAN_A_MESSAGE:,.2f}",
        "" if played.attack.after_messages else f"{gain.verdicts:,}",
        f"{played.work_seconds / 3600:,.1f}",
        share(max(0, late.tries - late.of(played.attack)), late.tries),
        f"{honest.shoppers:,}",
        share(honest.refused, honest.shoppers),
        share(honest.asked, honest.shoppers),
    )


def share(part: int, whole: int) -> str:
    """Such as ``98.3 %``."""
    return f"{100 * part / whole:.1f} %" if whole else "–"


def _remarks(played: Played) -> list[str]:
    name = f"{played.attack.name}, CHALLENGE={played.challenge}, {'working' if played.solves else 'idle'} bots"
    lines = [
        f"- {name}: attackers were told {_counts(played.answers)}; shoppers {_counts(played.honest.codes) or 'nothing'}."
    ]
    if played.of_victim.shoppers:
        minute, hour, day = played.victim
        lines.append(
            f"  The victim got at most {minute} in a minute, {hour} in an hour, {day} in a day; "
            f"of {played.of_victim.shoppers} visits of its own {_felt(played.of_victim)}."
        )
    if played.strange:
        lines.append(f"  STRANGE: {_counts(played.strange)}")
    return lines


def _felt(hindered: Hindered) -> str:
    return f"{hindered.refused} were refused, {hindered.asked} asked for work"


def _counts(counts: "dict[str, int]") -> str:
    return ", ".join(f"{code} {count:,}" for code, count in sorted(counts.items(), key=lambda pair: -pair[1]))


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
