"""What the vendors are asked: the fields, the right template, the right name; each message once."""

from dataclasses import replace
from urllib.parse import parse_qsl

import pytest

from sms.gateway import Outcome, Reason
from sms.templates import ANY, Templates
from tests.gateways.messages import a_message, a_notice
from tests.gateways.vendors import templates
from tests.parallel import in_parallel
from tests.waiting import wait_until


def test_a_message_is_sent_once_and_named(vendor):
    message = a_message()
    delivery = vendor.gateway().send(message)
    (taken,) = vendor.standin.messages
    assert (delivery.outcome, delivery.reason, delivery.fault) == (Outcome.SENT, None, None)
    assert delivery.message_id == taken["serial"]
    assert taken["phone"] == message.to
    assert len(vendor.standin.requests) == 1


@pytest.mark.parametrize("name", ["tencent", "aliyun"])
def test_the_sdks_tell_the_vendor_s_words(request, name):
    vendor = request.getfixturevalue(name)
    delivery = vendor.gateway().send(a_message())
    assert delivery.vendor_code in ("Ok", "OK")
    assert len(delivery.request_id) == 36


@pytest.mark.parametrize(
    ("purpose", "language", "nth"),
    [
        ("login", "zh-CN", 0),
        ("register", "zh-CN", 1),
        ("login", "en", 2),
        ("register", "en", 3),
        ("change_phone", "zh-CN", 0),
    ],
)
def test_the_template_and_the_name_are_of_the_purpose_and_the_language(templated, purpose, language, nth):
    templated.gateway().send(a_message(purpose=purpose, language=language))
    (taken,) = templated.standin.messages
    assert templated.template_of(taken) == templated.ids[nth]
    if templated.name != "juhe":
        assert taken["SignName"] == {"zh-CN": "咚宝", "en": "Dongbao"}[language]


def test_the_purpose_counts_for_more_than_the_language(templated):
    first, second, third, *_ = templated.ids
    ids = {(ANY, ANY): first, ("register", ANY): second, (ANY, "en"): third}
    gateway = templated.gateway(templates=replace(templated.settings.templates, ids=ids))
    gateway.send(a_message(purpose="register", language="en"))
    assert templated.template_of(templated.standin.messages[0]) == second


def test_a_notice_takes_its_own_template_without_variables(templated):
    assert templated.gateway().send(a_notice()).outcome is Outcome.SENT
    (taken,) = templated.standin.messages
    assert templated.template_of(taken) == templated.ids[4]
    assert not taken["params"]


def test_without_a_template_of_its_own_a_notice_is_not_sent(templated):
    settings = templated.settings.templates
    ids = {key: value for key, value in settings.ids.items() if key[0] != "phone_changed"}
    delivery = templated.gateway(templates=replace(settings, ids=ids)).send(a_notice())
    assert (delivery.outcome, delivery.reason) == (Outcome.NOT_SENT, Reason.NO_TEMPLATE)
    assert templated.standin.requests == []


def test_without_a_template_of_its_purpose_a_code_is_not_sent(templated):
    ids = {("register", ANY): templated.ids[1]}
    delivery = templated.gateway(templates=replace(templated.settings.templates, ids=ids)).send(a_message())
    assert (delivery.outcome, delivery.reason) == (Outcome.NOT_SENT, Reason.MISCONFIGURED)
    assert templated.standin.requests == []


@pytest.mark.parametrize(("seconds", "minutes"), [(300, "5"), (299, "4"), (60, "1"), (12, "1")])
def test_two_variables(templated, seconds, minutes):
    changed = replace(templated.settings.templates, ids={(ANY, ANY): templated.pair}, params=("code", "minutes"))
    assert templated.gateway(templates=changed).send(a_message(expires_in=seconds)).outcome is Outcome.SENT
    params = templated.standin.messages[0]["params"]
    assert params in (["902714", minutes], {"code": "902714", "minutes": minutes})


def test_the_order_of_tencent_s_variables_is_the_setting_s(tencent):
    changed = replace(tencent.settings.templates, ids={(ANY, ANY): tencent.pair}, params=("minutes", "code"))
    tencent.gateway(templates=changed).send(a_message())
    assert tencent.standin.messages[0]["params"] == ["5", "902714"]


def test_a_wrong_number_of_variables_is_misconfigured(templated):
    """The stand-ins count them, as the vendors do."""
    changed = replace(templated.settings.templates, params=("code", "minutes"))
    delivery = templated.gateway(templates=changed).send(a_message())
    assert (delivery.outcome, delivery.reason) == (Outcome.NOT_SENT, Reason.MISCONFIGURED)
    assert templated.standin.messages == []


def test_an_unknown_template_is_misconfigured(templated):
    changed = replace(templated.settings.templates, ids={(ANY, ANY): "999"})
    delivery = templated.gateway(templates=changed).send(a_message())
    assert (delivery.outcome, delivery.reason) == (Outcome.NOT_SENT, Reason.MISCONFIGURED)


@pytest.mark.parametrize("name", ["tencent", "aliyun"])
def test_an_unknown_name_is_misconfigured(request, name):
    vendor = request.getfixturevalue(name)
    changed = replace(vendor.settings.templates, signs={ANY: "别人"})
    delivery = vendor.gateway(templates=changed).send(a_message())
    assert (delivery.outcome, delivery.reason) == (Outcome.NOT_SENT, Reason.MISCONFIGURED)


def test_an_unknown_application_is_misconfigured(tencent):
    delivery = tencent.gateway(sdk_app_id="1").send(a_message())
    assert delivery.vendor_code == "InvalidParameterValue.SdkAppIdNotExist"
    assert delivery.reason is Reason.MISCONFIGURED


def test_overseas_tencent_needs_no_name(tencent):
    gateway = tencent.gateway(templates=Templates(ids={(ANY, ANY): "449739"}))
    assert gateway.send(a_message(to="+85251234567")).outcome is Outcome.SENT
    assert "SignName" not in tencent.standin.messages[0]
    assert gateway.send(a_message()).reason is Reason.MISCONFIGURED


@pytest.mark.parametrize("name", ["tencent", "aliyun"])
@pytest.mark.parametrize(("to", "nth", "sign"), [("+85251234567", 2, "Dongbao"), ("+8613800138000", 0, "咚宝")])
def test_numbers_overseas_have_a_template_and_a_name_of_their_own(request, name, to, nth, sign):
    vendor = request.getfixturevalue(name)
    mainland, _, overseas, *_ = vendor.ids
    changes = {"overseas_ids": {(ANY, ANY): overseas}, "overseas_signs": {ANY: "Dongbao"}}
    changed = Templates({(ANY, ANY): mainland, ("login", ANY): mainland}, {ANY: "咚宝"}, **changes)
    assert vendor.gateway(templates=changed).send(a_message(to=to)).outcome is Outcome.SENT
    (taken,) = vendor.standin.messages
    assert (vendor.template_of(taken), taken["SignName"]) == (vendor.ids[nth], sign)


@pytest.mark.parametrize("name", ["tencent", "aliyun"])
def test_what_overseas_has_not_of_its_own_is_the_mainland_s(request, name):
    vendor = request.getfixturevalue(name)
    changes = {"overseas_ids": {("register", ANY): vendor.ids[1]}, "overseas_signs": {"en": "Dongbao"}}
    changed = Templates({(ANY, ANY): vendor.ids[0]}, {ANY: "咚宝"}, **changes)
    vendor.gateway(templates=changed).send(a_message(to="+85251234567"))
    (taken,) = vendor.standin.messages
    assert (vendor.template_of(taken), taken["SignName"]) == (vendor.ids[0], "咚宝")


def test_who_sends_overseas_only_needs_no_template_for_the_mainland(tencent):
    gateway = tencent.gateway(templates=Templates({}, overseas_ids={(ANY, ANY): tencent.ids[0]}))
    assert gateway.send(a_message(to="+85251234567")).outcome is Outcome.SENT
    assert gateway.send(a_message()).fault == "no_template"


def test_overseas_alibaba_takes_the_number_without_its_plus(aliyun):
    assert aliyun.gateway().send(a_message(to="+85251234567")).outcome is Outcome.SENT
    assert aliyun.standin.messages[0]["PhoneNumbers"] == "85251234567"


def test_overseas_is_not_juhe_s(juhe):
    delivery = juhe.gateway().send(a_message(to="+85251234567"))
    assert (delivery.outcome, delivery.reason) == (Outcome.NOT_SENT, Reason.REGION)
    assert juhe.standin.requests == []


def test_a_bad_number_is_said_to_be_one(templated):
    delivery = templated.gateway().send(a_message(to="+8612345"))
    assert (delivery.outcome, delivery.reason) == (Outcome.NOT_SENT, Reason.BAD_NUMBER)


def test_juhe_s_key_is_in_the_body_and_never_in_the_url(juhe):
    juhe.gateway().send(a_message())
    (request,) = juhe.standin.requests
    assert request.target == "/sms/send"
    assert not any(juhe.secrets[0] in value for value in request.headers.values())
    assert dict(parse_qsl(request.body.decode()))["key"] == juhe.secrets[0]


def test_juhe_s_variables_are_encoded_once(juhe):
    juhe.gateway().send(a_message())
    assert b"tpl_value=%23code%23%3D902714" in juhe.standin.requests[0].body


def test_juhe_s_newer_accounts_take_json(juhe):
    assert juhe.gateway(variables="vars").send(a_message()).outcome is Outcome.SENT
    assert juhe.standin.messages[0]["vars"] == '{"code": "902714"}'
    assert "tpl_value" not in juhe.standin.messages[0]


def test_a_webhook_gets_the_whole_message(webhook):
    message = a_message(language="en")
    webhook.gateway().send(message)
    (taken,) = webhook.standin.messages
    parts = ("id", "to", "purpose", "code", "text", "language", "expires_in")
    assert {name: taken[name] for name in parts} == {name: getattr(message, name) for name in parts}
    assert "【咚宝】".encode() in webhook.standin.requests[0].body


def test_a_webhook_gets_notices_too(webhook):
    assert webhook.gateway().send(a_notice()).outcome is Outcome.SENT
    assert webhook.standin.messages[0]["code"] == ""


def test_many_at_a_time_are_each_sent_once(vendor):
    gateway = vendor.gateway()
    messages = [a_message() for _ in range(30)]
    deliveries = in_parallel(30, lambda i: gateway.send(messages[i]))
    assert {delivery.outcome for delivery in deliveries} == {Outcome.SENT}
    taken = {message["phone"]: message["serial"] for message in vendor.standin.messages}
    assert len(vendor.standin.messages) == 30
    assert taken == {message.to: delivery.message_id for message, delivery in zip(messages, deliveries, strict=True)}


def test_a_connection_serves_many_messages(vendor):
    gateway = vendor.gateway()
    assert [gateway.send(a_message()).outcome for _ in range(5)] == [Outcome.SENT] * 5
    assert vendor.standin.connections <= 1  # Alibaba's SDK has one pool for all of a process


def test_a_connection_that_the_vendor_closed_meanwhile_costs_no_message(vendor):
    vendor.standin.closes_idle_connections = True
    gateway = vendor.gateway()
    for i in range(5):
        assert gateway.send(a_message()).outcome is Outcome.SENT
        wait_until(lambda sent=i + 1: vendor.standin.closings >= sent)


def test_names_by_language_have_a_default():
    chosen = templates("1", "2", "3", "4", "5", signs={ANY: "咚宝"})
    assert [chosen.sign_for(a_message(language=language)) for language in ("zh-CN", "en")] == ["咚宝", "咚宝"]


def test_a_webhook_is_told_which_request_asked(webhook):
    """As the reply's X-Request-ID had it; where no request did there is no such header."""
    for message in (a_message(request_id="asked-7"), a_message()):
        webhook.gateway().send(message)
    assert [request.headers.get("x-request-id") for request in webhook.standin.requests] == ["asked-7", None]
