"""The field types: what is a phone number, a user name, a password, and in which form each is kept.

Errors are keys, not sentences; the API turns them into the reader's language.
"""

import unicodedata
from collections.abc import Mapping
from typing import Any

import phonenumbers
import regex
from email_validator import EmailNotValidError, validate_email
from marshmallow import fields
from phonenumbers import PhoneNumberType

HOME_REGION = "CN"
PHONE_CHARACTERS = regex.compile(r"[\d\s+()./\p{Pd}]{5,40}")
MOBILE_TYPES = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
# Of an e-mail address; that of a user name is never too long.
LONGEST_KEY = 320

# A letter with the few marks that some scripts put on it, a digit, or one of two signs; nothing invisible.
USERNAME_CHARACTERS = regex.compile(r"(?V1)(?:[[\p{L}\u3007]--\p{DI}][\p{M}--\p{DI}]{0,3}|\p{Nd}|[_-])+")
# Unicode Technical Standard 39, 5.2, "Highly Restrictive": one script, or Han with its usual neighbours and Latin.
SCRIPTS = (
    *("Latin", "Cyrillic", "Greek", "Arabic", "Armenian", "Bengali", "Cherokee", "Devanagari", "Ethiopic", "Georgian"),
    *("Gujarati", "Gurmukhi", "Hebrew", "Javanese", "Kannada", "Khmer", "Lao", "Malayalam", "Mongolian", "Myanmar"),
    *("Oriya", "Sinhala", "Syriac", "Tai_Le", "Tamil", "Telugu", "Thaana", "Thai", "Tibetan", "Yi"),
)
NEIGHBOURS = (("Hiragana", "Katakana"), ("Bopomofo",), ("Hangul",))


def _written_in(*scripts: str) -> str:
    letters = "".join(rf"\p{{Script={script}}}" for script in (*scripts, "Common", "Inherited"))
    return f"[{letters}]+"


USERNAME_SCRIPTS = regex.compile(
    "|".join([_written_in(s) for s in SCRIPTS] + [_written_in("Latin", "Han", *others) for others in NEIGHBOURS])
)


class Text(fields.String):
    """A string whose messages are keys.

    One longer than any that could be right is refused before it costs anything: normalising can take quadratic time.
    """

    default_error_messages = {"required": "required", "null": "null", "invalid": "not_text", "too_long": "too_long"}
    longest = 1024

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if len(text) > self.longest:
            raise self.make_error("too_long")
        return self.read(text)

    def read(self, text: str) -> str:
        """The form that is kept; raises by ``self.make_error(key)``."""
        return text


class Token(Text):
    """A signed text of ours: a ticket or a token."""

    longest = 2048


class PhoneNumber(Text):
    """A mobile number in any usual spelling, kept as E.164; without a country it is taken to be at home in China."""

    default_error_messages = {"phone_invalid": "phone_invalid"}

    def read(self, text: str) -> str:
        """The number in E.164."""
        phone = parse_phone(text)
        if phone is None:
            raise self.make_error("phone_invalid")
        return phone


class Code(Text):
    """The six digits of an SMS."""

    default_error_messages = {"code_format": "code_format"}

    def read(self, text: str) -> str:
        """ASCII digits, whatever width they were typed in."""
        code = unicodedata.normalize("NFKC", text).strip()
        if not (len(code) == 6 and code.isascii() and code.isdigit()):
            raise self.make_error("code_format")
        return code


class Username(Text):
    """A name to be shown, in NFKC: 2-30 letters, digits, ``_`` and ``-``, without look-alike mixtures."""

    default_error_messages = {
        "username_length": "username_length",
        "username_characters": "username_characters",
        "username_digits": "username_digits",
        "username_mixed": "username_mixed",
    }

    def read(self, text: str) -> str:
        """The name as it was typed, in NFKC."""
        name = unicodedata.normalize("NFKC", text)
        if not 2 <= len(name) <= 30:
            raise self.make_error("username_length")
        if not USERNAME_CHARACTERS.fullmatch(name):
            raise self.make_error("username_characters")
        if all(character.isdecimal() for character in name) or parse_phone(name):
            raise self.make_error("username_digits")
        if not USERNAME_SCRIPTS.fullmatch(name) or _digit_systems(name) > 1:
            raise self.make_error("username_mixed")
        return name


class Email(Text):
    """An e-mail address, its domain in lower case (RFC 5321, 4.5.3.1: at most 254 characters)."""

    default_error_messages = {"email_invalid": "email_invalid"}

    def read(self, text: str) -> str:
        """The normalised address; whether it receives mail is shown by a mailed link only."""
        try:
            address = validate_email(text, check_deliverability=False).normalized
        except EmailNotValidError:
            raise self.make_error("email_invalid") from None
        # Its key is of this form, in which one letter may be 18.
        if len(unicodedata.normalize("NFKC", address).casefold()) > LONGEST_KEY:
            raise self.make_error("email_invalid")
        return address


class NewPassword(Text):
    """A password to be set: 8-256 code points in NFC, any characters (NIST SP 800-63B-4, 3.1.1.2)."""

    default_error_messages = {"password_length": "password_length"}

    def read(self, text: str) -> str:
        """As it was typed."""
        if not 8 <= len(unicodedata.normalize("NFC", text)) <= 256:
            raise self.make_error("password_length")
        return text


class Password(Text):
    """A password to be checked, as it was typed."""


class AccountName(Text):
    """Whatever a person calls an account: a phone, an e-mail address or a user name. Kept as (kind, identifier)."""

    default_error_messages = {"account_invalid": "account_invalid"}

    def read(self, text: str) -> Any:
        """``("phone", E.164)``, ``("email", …)`` or ``("username", …)``."""
        name = unicodedata.normalize("NFKC", text).strip()
        if not name or len(name) > LONGEST_KEY or not name.isprintable():
            raise self.make_error("account_invalid")
        if "@" in name:
            return "email", name
        phone = parse_phone(name)
        return ("phone", phone) if phone else ("username", name)


def parse_phone(text: str) -> str | None:
    """The E.164 form of a valid mobile number in any usual spelling, else None."""
    typed = unicodedata.normalize("NFKC", text)
    if not PHONE_CHARACTERS.fullmatch(typed):
        return None
    try:
        number = phonenumbers.parse(typed, HOME_REGION)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number) or phonenumbers.number_type(number) not in MOBILE_TYPES:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _digit_systems(name: str) -> int:
    """How many numbering systems the digits of a name come from (UTS 39, 5.3)."""
    return len({ord(character) - unicodedata.decimal(character) for character in name if character.isdecimal()})
