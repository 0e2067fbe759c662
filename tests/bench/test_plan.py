"""The plan on paper: it is calculated from the counted table, and grows with what is asked of it."""

import re
import sys

from bench.plan import main


def _planned(monkeypatch, capsys, *options):
    """Each line's first figure."""
    monkeypatch.setattr(sys, "argv", ["plan", *options])
    main()
    lines = [line.strip("| ").split(" | ") for line in capsys.readouterr().out.splitlines()[2:]]
    return {what: float(re.match(r"[\d,.]+", much)[0].replace(",", "")) for what, much in lines}


def test_twice_the_logins_take_twice_the_cores_and_what_one_redis_can_do_stays(monkeypatch, capsys):
    only = ("--me", "0", "--refresh", "0", "--sms", "0", "--register", "0")
    once = _planned(monkeypatch, capsys, "--logins", "5000", *only)
    twice = _planned(monkeypatch, capsys, "--logins", "10000", *only)
    for what in ("cores that hash", "calls of Redis a second", "statements a second"):
        assert twice[what] == 2 * once[what] > 0
    full = "logins a second at which one Redis is 60% busy"
    assert once[full] == twice[full]
