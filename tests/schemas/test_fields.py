"""The field types, each by itself: in which form a text is kept, and by which key it is refused."""

import pytest
from marshmallow import ValidationError

from models import User
from schemas.fields import AccountName, Code, Email, NewPassword, Password, PhoneNumber, Text, Token, Username
from services.names import fold


def refusal(field, value):
    """The keys by which a field refuses a value."""
    with pytest.raises(ValidationError) as refused:
        field.deserialize(value)
    return refused.value.messages


@pytest.mark.parametrize(
    "typed",
    [
        "13800138000",
        "+8613800138000",
        "+86 138 0013 8000",
        "+86-138-0013-8000",
        "008613800138000",
        "0086 138 0013 8000",
        "１３８００１３８０００",
        "＋８６ 138 0013 8000",
        "(+86) 138.0013.8000",
        " 13800138000 ",
        "138\u00a00013\u00a08000",
        "138\u30000013\u30008000",
        "١٣٨٠٠١٣٨٠٠٠",
    ],
)
def test_one_number_in_all_usual_spellings(typed):
    """R14: what the limits count is E.164, however it was typed."""
    assert PhoneNumber().deserialize(typed) == "+8613800138000"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "1380013800",
        "138001380000",
        "12800138000",
        "+86 10 6552 9988",
        "4001234567",
        "10086",
        "1380013800a",
        "13800138000 ext 5",
        "13800138000;ext=5",
        "tel:+8613800138000",
        "+8613800138000,+8613800138001",
        "138\x0000138000",
        "138\u200b00138000",
        "+",
        "+86",
        "1" * 41,
        "\U0001f600" * 11,
    ],
)
def test_what_is_no_mobile_number(typed):
    assert refusal(PhoneNumber(), typed) == ["phone_invalid"]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("+852 5123 4567", "+85251234567"), ("001 202 555 0123", "+12025550123"), ("+1 650 253 0000", "+16502530000")],
)
def test_numbers_of_other_countries_carry_their_country(typed, kept):
    assert PhoneNumber().deserialize(typed) == kept


@pytest.mark.parametrize(("typed", "kept"), [("012345", "012345"), (" 123456\n", "123456"), ("１２３４５６", "123456")])
def test_a_code_is_six_ascii_digits(typed, kept):
    assert Code().deserialize(typed) == kept


@pytest.mark.parametrize(
    "typed", ["", "12345", "1234567", "12345a", "123 456", "-12345", "+12345", "١٢٣٤٥٦", "12345\x00"]
)
def test_what_is_no_code(typed):
    assert refusal(Code(), typed) == ["code_format"]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("张三", "张三"),
        ("ab", "ab"),
        ("a" * 30, "a" * 30),
        ("User_Name-1", "User_Name-1"),
        ("张三San", "张三San"),
        ("さくらサクラ桜Sakura", "さくらサクラ桜Sakura"),
        ("한글韓", "한글韓"),
        ("Ｗａｎｇ", "Wang"),
        ("Ольга", "Ольга"),
        ("हिन्दी", "हिन्दी"),
        ("Nguyễn", "Nguyễn"),
        ("e\u0301lise", "\u00e9lise"),
        ("a1", "a1"),
        ("_a", "_a"),
        ("--", "--"),
        ("\U00020000\U00020001", "\U00020000\U00020001"),
    ],
)
def test_a_user_name_is_kept_as_typed_in_nfkc(typed, kept):
    assert Username().deserialize(typed) == kept


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("", "username_length"),
        ("x", "username_length"),
        ("x" * 31, "username_length"),
        ("\ufdfa\ufdfa", "username_length"),
        (" ab", "username_characters"),
        ("ab ", "username_characters"),
        ("a b", "username_characters"),
        ("a\u3000b", "username_characters"),
        ("a.b", "username_characters"),
        ("a@b", "username_characters"),
        ("a\nb", "username_characters"),
        ("a\x00b", "username_characters"),
        ("\x1b[31mred", "username_characters"),
        ("<b>", "username_characters"),
        ("a\u200db", "username_characters"),
        ("a\u2060b", "username_characters"),
        ("a\ufeffb", "username_characters"),
        ("\u3164\u3164", "username_characters"),
        ("\u115f\u115f", "username_characters"),
        ("\U0001f600\U0001f600", "username_characters"),
        ("a" + "\u0300\u0316\u0301\u0317\u0302", "username_characters"),
        ("\u0301ab", "username_characters"),
        ("12345", "username_digits"),
        ("１２３４５", "username_digits"),
        ("١٢٣٤٥", "username_digits"),
        ("138-0013-8000", "username_digits"),
        ("\u0430dmin", "username_mixed"),
        ("adm\u0456n", "username_mixed"),
        ("\u03b1dmin", "username_mixed"),
        ("王\u0430", "username_mixed"),
        ("가さ", "username_mixed"),
        ("a1\u0661", "username_mixed"),
    ],
)
def test_user_names_that_are_refused(typed, key):
    """R50: nothing invisible, no blanks, no mixture that looks like another name."""
    assert refusal(Username(), typed) == [key]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("a@example.com", "a@example.com"),
        ("Zhang.San+shop@Example.COM", "Zhang.San+shop@example.com"),
        ("张三@例子.公司", "张三@例子.公司"),
        ("a@sub.example.co.uk", "a@sub.example.co.uk"),
    ],
)
def test_an_address_is_kept_with_its_domain_in_lower_case(typed, kept):
    assert Email().deserialize(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "a",
        "a@",
        "@b.com",
        "a@b",
        "a@b..com",
        "a b@c.com",
        "a@b.com\nBcc: x@y.com",
        "a@b.com\x00",
        "a@@b.com",
        "<a@b.com>",
        "A <a@b.com>",
        "a@[127.0.0.1]",
        "a@localhost",
        f"a@{'x' * 250}.com",
        "\ufdfa" * 18 + "@example.com",
    ],
)
def test_what_is_no_address(typed):
    assert refusal(Email(), typed) == ["email_invalid"]


@pytest.mark.parametrize(
    ("field", "typed", "column"),
    [
        (Email(), "\ufdfa" * 17 + "ab@example.com", User.verified_email_key),
        (Username(), "\u00df" * 30, User.username_key),
        (Username(), "\u1fb4" * 30, User.username_key),
    ],
)
def test_the_key_of_what_is_taken_fits_into_its_column(field, typed, column):
    """R50: the longest that there are, though their folded forms are longer."""
    assert len(fold(field.deserialize(typed))) <= column.type.length


@pytest.mark.parametrize("typed", ["x" * 8, "x" * 256, "e\u0301" * 256, "\U0001f600" * 256, " " * 8])
def test_a_new_password_is_kept_as_typed(typed):
    """R37: the form for hashing is made where it is hashed."""
    assert NewPassword().deserialize(typed) == typed


@pytest.mark.parametrize("typed", ["", "x" * 7, "x" * 257, "e\u0301" * 7])
def test_new_passwords_of_the_wrong_length(typed):
    assert refusal(NewPassword(), typed) == ["password_length"]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("13800138000", ("phone", "+8613800138000")),
        ("0086 138 0013 8000", ("phone", "+8613800138000")),
        ("１３８００１３８０００", ("phone", "+8613800138000")),
        ("a@example.com", ("email", "a@example.com")),
        ("ａ＠example.com", ("email", "a@example.com")),
        ("张三", ("username", "张三")),
        (" Zhang ", ("username", "Zhang")),
        ("Ｚhang", ("username", "Zhang")),
        ("12345", ("username", "12345")),
        ("what ever it is", ("username", "what ever it is")),
    ],
)
def test_an_account_is_called_by_phone_address_or_name(typed, kept):
    assert AccountName().deserialize(typed) == kept


@pytest.mark.parametrize("typed", ["", " ", "\u3000", "x" * 321, "a\x00b", "a\nb", "a\u202eb"])
def test_what_no_account_is_called(typed):
    assert refusal(AccountName(), typed) == ["account_invalid"]


@pytest.mark.parametrize("field", [Text, Token, PhoneNumber, Code, Username, Email, NewPassword, Password, AccountName])
@pytest.mark.parametrize("value", [5, 1.5, True, [], {}, ["x"], {"x": 1}, float("inf")])
def test_every_field_is_a_text(field, value):
    """R35: another type is refused by one key."""
    assert refusal(field(), value) == ["not_text"]


@pytest.mark.parametrize("field", [Text, Token, PhoneNumber, Code, Username, Email, NewPassword, Password, AccountName])
def test_no_field_may_be_null(field):
    assert refusal(field(), None) == ["null"]


@pytest.mark.parametrize("field", [Text, PhoneNumber, Code, Username, Email, NewPassword, Password, AccountName])
def test_a_text_that_is_far_too_long_is_refused_unread(field):
    """R37: normalising a text of 16 KiB can take a third of a second; 1025 characters are not looked at."""
    assert refusal(field(), "\u0316\u0300" * 513) == ["too_long"]


def test_a_token_may_be_longer_than_other_texts():
    assert Token().deserialize("x" * 2048) == "x" * 2048
    assert refusal(Token(), "x" * 2049) == ["too_long"]
