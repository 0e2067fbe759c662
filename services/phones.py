"""What follows from a phone number in E.164: how it is shown, where it is at home, how people there type it."""

import phonenumbers

HIDDEN = "****"


def mask_phone(phone: str) -> str:
    """``+8613800138000`` as ``+86138****8000``: the country, at most three digits more, and the last four."""
    number = phonenumbers.parse(phone)
    country = f"+{number.country_code}"
    rest = phone[len(country) :]
    shown = min(3, max(0, len(rest) - 8))
    return f"{country}{rest[:shown]}{HIDDEN}{rest[-4:]}"


def region_of(phone: str) -> str:
    """The region of an E.164 number as two letters, such as ``CN``; ``ZZ`` when there is none."""
    return phonenumbers.region_code_for_number(phonenumbers.parse(phone)) or "ZZ"


def national_digits(phone: str) -> str:
    """The digits of an E.164 number without its country, as people at home type it."""
    return str(phonenumbers.parse(phone).national_number)
