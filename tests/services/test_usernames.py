"""R50: which user names are one and the same: one verdict on SQLite, PostgreSQL and MySQL."""

import pytest

from tests.parallel import in_parallel
from tests.settings import PLENTY

pytestmark = pytest.mark.mysql

# The first name is registered; what becomes of the second: taken, free, or invalid.
PAIRS = [
    ("Admin", "admin", "taken"),
    ("Admin", "ADMIN", "taken"),
    ("Admin", "Admin", "taken"),
    ("Straße", "STRASSE", "taken"),
    ("weiß", "weiss", "taken"),
    ("office", "o\ufb03ce", "taken"),  # a ligature of three letters
    ("fish", "\ufb01sh", "taken"),
    ("Kelvin", "\u212aelvin", "taken"),  # KELVIN SIGN
    ("Angstr\u00f6m", "\u212bngstr\u00f6m", "free"),  # ANGSTROM SIGN is Å, not A
    ("\u00c5ngstr\u00f6m", "\u212bngstr\u00f6m", "taken"),
    ("admin1", "ａｄｍｉｎ１", "taken"),  # full width
    ("admin1", "admin\uff11", "taken"),
    ("admin1", "admin\u00b9", "taken"),  # superscript
    ("max2", "max\u2461", "taken"),  # circled digit
    ("xl_shop", "x\u2113_shop", "taken"),  # SCRIPT SMALL L
    ("\u5f20\u4e09", "\u5f20\u4e09", "taken"),
    ("\u5f20\u4e09", "\u5f35\u4e09", "free"),  # simplified and traditional are different names
    ("\u4f86\u798f", "\uf92d\u798f", "taken"),  # a compatibility ideograph
    ("\u30ab\u30bf\u30ab\u30ca", "\uff76\uff80\uff76\uff85", "taken"),  # half-width Katakana
    ("\u30ab\u30ca", "\u304b\u306a", "free"),  # Katakana and Hiragana
    ("\u30ac\u30e9", "\u30ab\u3099\u30e9", "taken"),  # a voiced sound mark of its own
    ("\ud55c\uae00", "\u1112\u1161\u11ab\u1100\u1173\u11af", "taken"),  # Hangul in single letters
    ("Jos\u00e9", "Jose\u0301", "taken"),  # composed and decomposed
    ("Jos\u00e9", "JOS\u00c9", "taken"),
    ("Jos\u00e9", "Jose", "free"),  # accents count
    ("M\u00fcller", "Mueller", "free"),
    ("M\u00fcller", "Muller", "free"),
    ("na\u00efve", "naive", "free"),
    ("\u0130stanbul", "istanbul", "free"),  # İ folds to i with a dot above
    ("\u0130stanbul", "i\u0307stanbul", "taken"),
    ("d\u0131\u015f", "dis", "free"),  # dotless i is a letter of its own
    ("IRMAK", "\u0131rmak", "free"),
    ("\u03a3\u03bf\u03c6\u03af\u03b1", "\u03c3\u03bf\u03c6\u03af\u03b1", "taken"),
    ("\u039f\u0394\u039f\u03a3", "\u03bf\u03b4\u03bf\u03c2", "taken"),  # final sigma
    ("\u03bc\u0390\u03b1", "\u039c\u03aa\u0301\u0391", "taken"),  # folding takes the one apart and not the other
    ("\u0418\u0432\u0430\u043d", "\u0438\u0432\u0430\u043d", "taken"),
    ("admin", "\u0430dmin", "invalid"),  # a Cyrillic letter among Latin ones
    ("paypal", "\u0440\u0430\u0443\u0440\u0430l", "invalid"),
    ("admin", "ad\u200bmin", "invalid"),  # ZERO WIDTH SPACE
    ("admin", "admin ", "invalid"),
    ("admin", "admin\u3000", "invalid"),
    ("admin", "ad\u00admin", "invalid"),  # SOFT HYPHEN
    ("admin", "\u202eadmin", "invalid"),  # right to left
    ("admin", "admin\ufe0f", "invalid"),  # a variation selector
    ("admin", "admin\u3164", "invalid"),  # HANGUL FILLER
    ("under_score", "under-score", "free"),
    ("under_score", "under\uff3fscore", "taken"),
    ("a-b", "a\u2010b", "invalid"),  # another hyphen
]


@pytest.mark.parametrize(("first", "second", "verdict"), PAIRS, ids=[f"{a}-{b!a}" for a, b, _ in PAIRS])
def test_two_names_are_one_or_two(shopper, rows, first, second, verdict):
    """R50: the wizard, renaming and the availability check agree."""
    shopper.register(username=first)
    other = shopper.another()
    ticket = other.prove()
    shown = shopper.client.get("/v1/register/availability", query={"username": second}).json
    reply = other.fill_in(ticket, username=second)
    if verdict == "free":
        assert (reply.status, shown["available"]) == (201, True)
    elif verdict == "taken":
        assert (reply.code, shown.get("reason")) == ("username_taken", "taken")
    else:
        assert (reply.json["errors"].keys(), shown.get("reason")) == ({"username"}, "invalid")
    assert rows.users() == (2 if verdict == "free" else 1)


@pytest.mark.parametrize(("first", "second", "verdict"), PAIRS, ids=[f"{a}-{b!a}" for a, b, _ in PAIRS])
def test_the_database_alone_decides_a_race_the_same_way(shopper, first, second, verdict):
    """R50, R21: without the look before, the unique key gives the same verdict; renaming has no such look."""
    shopper.register(username=first)
    other = shopper.another()
    other.register()
    reply = other.client.patch("/v1/me", json={"username": second}, token=other.access_token)
    assert reply.status == {"free": 200, "taken": 409, "invalid": 422}[verdict]


def test_one_name_for_one_of_many_at_once(make_shopper, make_app, rows):
    """R21: ten shoppers ask for one name in ten spellings together: one account, nine refusals."""
    first = make_shopper(make_app(threads=16, LIMIT_REGISTER_PER_ADDRESS=PLENTY))
    shoppers = [first.another() for _ in range(10)]
    tickets = [shopper.prove() for shopper in shoppers]
    spellings = ["racer", "Racer", "RACER", "rAcer", "raCer", "racEr", "raceR", "ｒacer", "ʳacer", "ⓡacer"]
    replies = in_parallel(10, lambda i: shoppers[i].fill_in(tickets[i], username=spellings[i]))
    assert sorted(reply.status for reply in replies) == [201] + [409] * 9
    assert {reply.code for reply in replies if reply.status == 409} == {"username_taken"}
    assert rows.users() == 1


def test_one_phone_for_one_of_many_at_once(make_shopper, make_app, rows):
    """R18, R21: ten registrations with one ticket: one account, nine times the phone is registered."""
    shopper = make_shopper(make_app(threads=16, LIMIT_REGISTER_PER_ADDRESS=PLENTY))
    ticket = shopper.prove()
    replies = in_parallel(10, lambda i: shopper.fill_in(ticket, username=f"racer-{i}"))
    assert sorted(reply.status for reply in replies) == [201] + [409] * 9
    assert {reply.code for reply in replies if reply.status == 409} == {"phone_registered"}
    assert rows.users() == 1
