"""The bodies: which fields belong together."""

import pytest
from marshmallow import ValidationError

from schemas.login import LoginBody
from schemas.me import ProfileBody
from schemas.register import RegisterBody
from schemas.sms import SmsBody, VerifyBody, needs_token
from schemas.tokens import RefreshBody

PHONE = "13800138000"


def errors(schema, body):
    with pytest.raises(ValidationError) as refused:
        schema().load(body)
    return refused.value.normalized_messages()


@pytest.mark.parametrize("purpose", ["register", "login", "reset_password", "change_phone"])
def test_a_code_goes_to_a_phone(purpose):
    assert SmsBody().load({"phone": PHONE, "purpose": purpose})["phone"] == "+8613800138000"
    assert errors(SmsBody, {"purpose": purpose}) == {"phone": ["required"]}


def test_a_code_to_confirm_goes_to_the_accounts_own_phone():
    assert SmsBody().load({"purpose": "confirm"}) == {"purpose": "confirm"}
    assert errors(SmsBody, {"purpose": "confirm", "phone": PHONE}) == {"phone": ["phone_not_taken"]}


@pytest.mark.parametrize("purpose", ["", "Register", "admin", "register "])
def test_purposes_are_five(purpose):
    assert errors(SmsBody, {"phone": PHONE, "purpose": purpose}) == {"purpose": ["purpose_unknown"]}


def test_all_mistakes_are_named_at_once():
    mistakes = errors(RegisterBody, {"username": "x", "email": "y", "password": "z", "extra": 1})
    assert mistakes.keys() == {"ticket", "username", "email", "password", "password_confirm", "extra"}
    assert mistakes["extra"] == ["unknown"]
    assert mistakes["ticket"] == ["required"]


@pytest.mark.parametrize("schema", [SmsBody, VerifyBody, RegisterBody, RefreshBody, LoginBody, ProfileBody])
def test_unknown_fields_are_refused(schema):
    """R46: in every body."""
    assert errors(schema, {"is_admin": True})["is_admin"] == ["unknown"]


@pytest.mark.parametrize("schema", [SmsBody, VerifyBody, RegisterBody, RefreshBody, LoginBody, ProfileBody])
@pytest.mark.parametrize("value", [None, [], "x", 5, True])
def test_a_body_is_an_object(schema, value):
    assert errors(schema, value) == {"_schema": ["not_object"]}


def test_a_login_is_one_pair():
    by_password = LoginBody().load({"account": PHONE, "password": "secret"})
    assert by_password == {"account": ("phone", "+8613800138000"), "password": "secret"}
    assert LoginBody().load({"sms_id": "x", "code": "123456"}) == {"sms_id": "x", "code": "123456"}
    assert errors(LoginBody, {"account": "a", "code": "123456"}) == {"password": ["login_pair"]}


@pytest.mark.parametrize(
    ("purpose", "needed"),
    [("register", False), ("confirm", True), ("change_phone", True), (["confirm"], False), (None, False)],
)
def test_two_purposes_need_a_token(purpose, needed):
    assert needs_token({"purpose": purpose}) is needed
