"""The fields of requests: those that the schemas read, and those of openapi.yaml."""

import importlib
import pkgutil

import pytest
from marshmallow import ValidationError

import schemas
from schemas.body import Body, WithPasswordConfirm
from schemas.close import CloseBody
from schemas.email import EmailBody
from schemas.link import LinkBody
from schemas.login import LoginBody
from schemas.me import ProfileBody
from schemas.password import PasswordBody, PasswordResetBody
from schemas.phone import PhoneBody
from schemas.proof import WithProof
from schemas.register import RegisterBody, UsernameBody
from schemas.sms import SmsBody, VerifyBody
from schemas.tokens import IntrospectionBody, RefreshBody
from tests.contract.description import DOCUMENT, OPERATIONS, is_array, objects

BODIES = {
    "POST /v1/sms": SmsBody,
    "POST /v1/sms/{sms_id}/verify": VerifyBody,
    "POST /v1/register": RegisterBody,
    "POST /v1/login": LoginBody,
    "POST /v1/token/refresh": RefreshBody,
    "POST /v1/token/introspect": IntrospectionBody,
    "PATCH /v1/me": ProfileBody,
    "PUT /v1/me/email": EmailBody,
    "POST /v1/email/verify": LinkBody,
    "PUT /v1/me/password": PasswordBody,
    "PUT /v1/me/phone": PhoneBody,
    "POST /v1/password/reset": PasswordResetBody,
    "POST /v1/phone/undo": LinkBody,
    "POST /v1/phone/keep": LinkBody,
    "DELETE /v1/me": CloseBody,
}
OF_NO_BODY = {Body, WithPasswordConfirm, WithProof, UsernameBody}
# Receipts are the vendors' arrays: they have no fields of ours.
WITH_BODY = {
    str(operation): operation for operation in OPERATIONS if operation.request and not is_array(operation.request)
}
EXAMPLES = [
    pytest.param(BODIES.get(name), example["value"], id=f"{name} {label}")
    for name, operation in WITH_BODY.items()
    for label, example in operation.request["examples"].items()
]


def _subclasses(cls):
    return {cls}.union(*(_subclasses(subclass) for subclass in cls.__subclasses__()))


def _alternatives(operation):
    return list(objects(operation.request["schema"]))


def test_every_body_is_described_and_every_description_has_a_schema():
    for module in pkgutil.iter_modules(schemas.__path__):
        importlib.import_module(f"schemas.{module.name}")
    assert set(BODIES) == set(WITH_BODY)
    assert set(BODIES.values()) == _subclasses(Body) - OF_NO_BODY


@pytest.mark.parametrize("name", WITH_BODY)
def test_a_body_has_the_same_fields(name):
    described = [alternative["properties"].keys() for alternative in _alternatives(WITH_BODY[name])]
    assert set().union(*described) == BODIES[name]().fields.keys()


@pytest.mark.parametrize("name", WITH_BODY)
def test_a_body_requires_the_same_fields(name):
    required = [set(alternative.get("required", ())) for alternative in _alternatives(WITH_BODY[name])]
    assert set.intersection(*required) == {field for field, read in BODIES[name]().fields.items() if read.required}


@pytest.mark.parametrize("name", WITH_BODY)
def test_a_body_with_another_field_is_no_request(name):
    assert all(alternative["additionalProperties"] is False for alternative in _alternatives(WITH_BODY[name]))


@pytest.mark.parametrize(("schema", "value"), EXAMPLES)
def test_an_example_is_read_by_its_schema(schema, value):
    schema().load(value)


def test_the_availability_of_a_name_is_asked_with_the_field_of_the_schema():
    operation = next(operation for operation in OPERATIONS if operation.path == "/v1/register/availability")
    queried = {parameter["name"] for parameter in operation.parameters if parameter["in"] == "query"}
    assert queried == UsernameBody().fields.keys()


def _address(length):
    """An e-mail address of so many characters, in labels of at most 60."""
    domain = "d" * (length - len("shopper@") - len(".com"))
    return "shopper@" + ".".join(domain[i : i + 60] for i in range(0, len(domain), 61)) + ".com"


def _described(component):
    name, _, field = component.partition(".")
    schema = DOCUMENT["components"]["schemas"][name]
    return schema["properties"][field] if field else schema


LENGTHS = [
    ("Username", UsernameBody().fields["username"], "张".__mul__),
    ("NewPassword", RegisterBody().fields["password"], "p".__mul__),
    ("Email", RegisterBody().fields["email"], _address),
    ("Ticket", RegisterBody().fields["ticket"], "t".__mul__),
    ("Phone", SmsBody().fields["phone"], "13800138000".ljust),
    ("LoginByPassword.password", LoginBody().fields["password"], "p".__mul__),
    ("LoginByCode.sms_id", LoginBody().fields["sms_id"], "s".__mul__),
]


@pytest.mark.parametrize(("component", "field", "of_length"), LENGTHS, ids=[row[0] for row in LENGTHS])
def test_the_longest_text_is_the_one_described(component, field, of_length):
    longest = _described(component)["maxLength"]
    assert len(of_length(longest)) == longest
    field.deserialize(of_length(longest))
    with pytest.raises(ValidationError):
        field.deserialize(of_length(longest + 1))


@pytest.mark.parametrize(("component", "field", "of_length"), LENGTHS[:2], ids=[row[0] for row in LENGTHS[:2]])
def test_the_shortest_text_is_the_one_described(component, field, of_length):
    shortest = _described(component)["minLength"]
    field.deserialize(of_length(shortest))
    with pytest.raises(ValidationError):
        field.deserialize(of_length(shortest - 1))
