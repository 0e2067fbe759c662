"""How a phone stands with our own limits, in words."""

from collections.abc import Iterator

from api.config import Config
from api.wiring import services
from services.phones import region_of
from services.sms_standing import Standing

BUDGETS = {
    "site_per_hour": "the site's messages of this hour",
    "site_per_day": "the site's messages of this day",
    "unverified_per_region": "this hour's messages to the number's region that nobody verified",
    "unverified_per_prefix": "this hour's messages to its neighbours that nobody verified",
}


def standing_lines(phone: str) -> Iterator[str]:
    """What holds right now for ``phone`` (E.164), a line each."""
    wired = services()
    config, standing, region = wired.config, wired.sms_standing.look(phone), region_of(phone)
    yield _limits(standing, config)
    if region not in config.sms_regions:
        yield f"Its region is {region}, which is not in SMS_REGIONS: nothing is sent there."
    for budget, wait in (wired.budgets.spent(phone) if wired.budgets else {}).items():
        yield f"The budget of {BUDGETS[budget]} is spent for {wait:.0f} s more."
    if tester := wired.testers.find(phone):
        yield f"A test number{f' through {tester.until}' if tester.until else ''}: its code is fixed, and nothing is sent."
    for gateway, wait in standing.left_alone.items():
        yield f"{gateway} failed too often, and is left alone for {wait:.0f} s more."


def _limits(standing: Standing, config: Config) -> str:
    ago = (
        "" if standing.last is None else f", the last {standing.last:.0f} s ago (pause {config.sms_cooldown_seconds} s)"
    )
    return (
        f"Our limits now: {_of(standing.in_hour, config.sms_per_hour)} messages in an hour,"
        f" {_of(standing.in_day, config.sms_per_day)} in 24 hours{ago};"
        f" {_of(standing.wrong_guesses, config.sms_wrong_guesses_per_day)} wrong guesses."
    )


def _of(number: int, limit: int) -> str:
    return f"{number} of {limit}" if limit else f"{number}"
