"""Doing the work that is asked for, with the solver of ALTCHA's library."""

from collections.abc import Callable
from typing import Any

from altcha import Challenge, Payload, solve_challenge

from tests.clients import Reply

HEADER = "X-Challenge-Solution"


def solve(challenge: dict[str, Any]) -> str:
    """The payload that the widget would give."""
    parsed = Challenge.from_dict(challenge)
    return Payload(parsed, solve_challenge(parsed)).to_base64()


def level(reply: Reply) -> int:
    """How hard the work is that a reply asks for; 0 where it asks for none."""
    return reply.json["challenge"]["parameters"]["data"]["level"] if reply.status == 403 else 0


def working(send: Callable[[dict[str, str]], Reply]) -> Reply:
    """The reply to ``send``, which takes headers, once its work is done where some is asked for."""
    reply = send({})
    return send({HEADER: solve(reply.json["challenge"])}) if level(reply) else reply
