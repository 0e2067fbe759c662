"""Names in the environment that are almost those of settings: a misspelt one is ignored, and should not be so in silence."""

import difflib
from collections.abc import Collection, Iterable, Mapping

import structlog

# What begins like this is meant for us, whatever it is; elsewhere a name must be very near to one of ours.
FAMILIES = ("LIMIT_", "SMS_", "ARGON2_", "HASH_", "CHALLENGE_", "RATELIMIT_")
NEAR, FAR = 0.85, 0.6
# A vendor's account is read only where the vendor is named, and may stand there before; one setting is read at any time.
VENDORS = ("TENCENT_", "ALIYUN_", "JUHE_", "WEBHOOK_")


def unknown_settings(environment: Iterable[str], known: Collection[str]) -> dict[str, str | None]:
    """The names that look like settings and are none, each with the nearest that is one, if any is near."""
    read = tuple(vendor for vendor in VENDORS if sum(name.startswith(vendor) for name in known) > 1)
    idle = tuple(set(VENDORS) - set(read))
    found: dict[str, str | None] = {}
    for name in sorted(set(environment) - set(known)):
        is_ours = name.startswith((*FAMILIES, *read))
        nearest = difflib.get_close_matches(name, known, n=1, cutoff=FAR if is_ours else NEAR)
        if not name.startswith(idle) and (is_ours or nearest):
            found[name] = nearest[0] if nearest else None
    return found


def warn_of_settings(unknown: Mapping[str, str | None]) -> None:
    """Say at the start which settings are ignored; never what they hold."""
    for name, nearest in unknown.items():
        hint = f"did you mean {nearest}?" if nearest else "see docs/configuration.md"
        structlog.get_logger().warning("setting_unknown", name=name, hint=hint)
