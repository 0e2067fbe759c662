"""Which passwords are taken, and that they are kept whole."""

import unicodedata

import pytest

from tests.scrape import growth

pytestmark = pytest.mark.one_database

EMOJI = "\U0001f600"


def register_with(shopper, password, **changes):
    return shopper.fill_in(shopper.prove(), password=password, **changes)


def refusal(reply):
    assert (reply.status, reply.code) == (422, "validation_failed")
    return reply.json["errors"]


@pytest.mark.parametrize(
    "password",
    [
        "xkcd 936",
        "k7#Qz!p2" * 32,
        EMOJI * 64,
        "正确的马电池订书钉",
        "all lower case words",
        " leading and trailing ",
        "a\u0301" * 8,
        "tab\tand\nnewline",
    ],
)
def test_any_characters_from_8_to_256_are_a_password(shopper, password):
    """R37: no composition rules; spaces, emoji and Han count as characters; nothing is trimmed or cut."""
    assert register_with(shopper, password).status == 201
    shopper.login(password=password)
    for other in (password[:-1], password + "x", password.swapcase() if password.swapcase() != password else "x"):
        assert shopper.try_login(password=other).code == "invalid_credentials"


def test_a_difference_behind_the_64th_character_counts(shopper):
    """R37: 64 characters of four bytes, and one more."""
    shopper.register(password=EMOJI * 64 + "a")
    assert shopper.try_login(password=EMOJI * 64 + "b").status == 401
    assert shopper.try_login(password=EMOJI * 64).status == 401
    shopper.login()


@pytest.mark.parametrize("password", ["", "seven77", EMOJI * 7, "a\u0301" * 7, "x" * 257, EMOJI * 257, "e\u0301" * 257])
def test_shorter_and_longer_ones_are_refused(shopper, password):
    """R37: counted in characters of NFC."""
    assert refusal(register_with(shopper, password)) == {"password": ["A password has 8 to 256 characters."]}


def test_length_is_counted_in_nfc(shopper):
    """R37: 256 letters with accents are 256 characters however they were typed."""
    shopper.register(password="e\u0301" * 256)
    shopper.login(password="\u00e9" * 256)


def test_a_password_typed_on_another_keyboard_is_the_same(shopper):
    """R37: NFC and NFD of one password log in alike."""
    password = "pässwörter für élise"
    shopper.register(password=unicodedata.normalize("NFD", password))
    shopper.login(password=unicodedata.normalize("NFC", password))
    shopper.login(password=unicodedata.normalize("NFD", password))


def test_compatibility_forms_are_different_passwords(shopper):
    """R37: NFC, not NFKC: full-width letters are other characters."""
    shopper.register(password="full width yes")
    assert shopper.try_login(password="ｆｕｌｌ width yes").status == 401


def test_a_password_that_is_too_long_costs_nothing(shopper):
    """R37: 257 characters are refused before any hashing."""

    def try_both(ticket):
        assert shopper.fill_in(ticket, password="x" * 257).status == 422
        assert shopper.try_login(password="x" * 1025).status == 422

    ticket = shopper.prove()
    grew = growth(shopper.client, lambda: try_both(ticket))
    assert grew("password_hash_duration_seconds_count") == 0


@pytest.mark.parametrize(
    "password", ["password", "12345678", "password1234567", "PASSWORD123", "qwertyuiop", "iloveyou1", "11111111"]
)
def test_common_passwords_are_refused_with_their_reason(shopper, password):
    """R38: the ones that everybody tries first."""
    assert refusal(register_with(shopper, password)) == {"password": ["This password is too common."]}


def test_ones_own_facts_are_no_password(shopper):
    """R38: not the user name, the phone in any usual form, or the address."""
    ticket = shopper.prove()
    digits = shopper.phone.removeprefix("+86")
    facts = {"username": "zhangsan88", "email": "zhangsan.88@example.com"}
    for password in ("zhangsan88", "ZhangSan88", shopper.phone, digits, "86" + digits, facts["email"], "zhangsan.88"):
        reply = shopper.fill_in(ticket, password=password, **facts)
        assert "password" in refusal(reply), password


def test_the_two_passwords_are_the_same(shopper):
    reply = shopper.fill_in(shopper.prove(), password="one password", password_confirm="another password")
    assert refusal(reply) == {"password_confirm": ["The two passwords differ."]}


def test_a_hash_is_kept_and_no_password(shopper, rows):
    """R39: Argon2id, salted: two shoppers with one password have two hashes."""
    other = shopper.another()
    shopper.register()
    other.register()
    first, second = (rows.user(who.phone)["password_hash"] for who in (shopper, other))
    assert first.startswith("$argon2id$")
    assert first != second
