"""Which passwords are refused although their length is right (NIST SP 800-63B-4, 3.1.1.2: a blocklist, no composition)."""

import re

from zxcvbn.frequency_lists import FREQUENCY_LISTS

from services.errors import Invalid
from services.names import fold
from services.phones import national_digits

COMMON_PASSWORDS = frozenset(FREQUENCY_LISTS["passwords"])
WORD_AND_DIGITS = re.compile(r"(\D+)(\d+)")


def refuse_guessable(password: str, username: str, phone: str | None, email: str) -> None:
    """Raise ``Invalid`` for a common password, or one that is the account's own name, phone or address."""
    folded = fold(password)
    if is_common(folded):
        raise Invalid(password="password_common")
    if folded in _own_words(username, phone, email):
        raise Invalid(password="password_personal")


def is_common(folded: str) -> bool:
    """Whether a case-folded password is one that people choose most, or such a word with such digits behind it."""
    if folded in COMMON_PASSWORDS:
        return True
    parts = WORD_AND_DIGITS.fullmatch(folded)
    return parts is not None and all(part in COMMON_PASSWORDS for part in parts.groups())


def _own_words(username: str, phone: str | None, email: str) -> set[str]:
    """The account's own facts in the spellings a person would type."""
    address = fold(email)
    numbers = {phone, phone.removeprefix("+"), national_digits(phone)} if phone else set()
    return {fold(username), address, address.partition("@")[0], *numbers}
