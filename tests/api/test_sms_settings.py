"""The settings of sending: read once, and refused at the start with a sentence that names the bad one."""

from datetime import date

import pytest
import structlog

from api.app import create_app
from api.bad_setting import BadSetting
from api.config import read_config
from services.dispatch import ANY_REGION, Route
from tests.settings import environment, environment_of

TESTER = "+8613800000000=123456@2027-01-31"
WEBHOOK = {"SMS_GATEWAYS": "webhook", "WEBHOOK_URL": "http://127.0.0.1:9/send", "WEBHOOK_SECRET": "s" * 32}
PRODUCTION = WEBHOOK | {
    "APP_ENV": "production",
    "DATABASE_URL": "postgresql+psycopg://x@y/z",
    "WEBHOOK_URL": "https://y/z",
}
TENCENT = {
    "SMS_GATEWAYS": "tencent",
    "TENCENT_SECRET_ID": "id",
    "TENCENT_SECRET_KEY": "key",
    "TENCENT_SDK_APP_ID": "1400000000",
    "TENCENT_SIGN_NAME": "咚宝",
    "TENCENT_TEMPLATE_ID": "100",
}


@pytest.fixture
def read(tmp_path):
    def read(**settings):
        with environment_of(environment(tmp_path, "", "", **settings)):
            return read_config()

    return read


def sms(read, **settings):
    return read(**settings).sms


def test_the_defaults(read):
    config = sms(read, SMS_UNVERIFIED_PER_PREFIX="")
    assert config.routes == {ANY_REGION: Route(({"console": 1},))}
    assert (config.gateways, config.vendors, config.testers) == (("console",), {}, {})
    assert (config.breaker_seconds, config.log_days, config.tencent_per_day, config.callback_secret) == (30, 90, 2, "")
    assert (config.budget_per_hour, config.budget_per_day, config.unverified_per_region) == (None, None, None)
    assert config.unverified_per_prefix == 30


def test_a_list_of_gateways_is_a_chain(read):
    config = sms(read, SMS_GATEWAYS="tencent, aliyun")
    assert config.routes == {ANY_REGION: Route(({"tencent": 1}, {"aliyun": 1}))}
    assert config.gateways == ("tencent", "aliyun")


def test_regions_have_routes_with_weights(read):
    config = sms(read, SMS_GATEWAYS="webhook", SMS_ROUTES="cn: tencent*80+aliyun*20, juhe; HK:aliyun")
    assert config.routes == {
        ANY_REGION: Route(({"webhook": 1},)),
        "CN": Route(({"tencent": 80, "aliyun": 20}, {"juhe": 1})),
        "HK": Route(({"aliyun": 1},)),
    }


def test_routes_for_all_the_rest_make_the_list_needless(read):
    assert sms(read, SMS_ROUTES="CN:tencent;*:aliyun").gateways == ("aliyun", "tencent")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SMS_GATEWAYS", "tencent,pigeon"),
        ("SMS_GATEWAYS", "tencent,,aliyun"),
        ("SMS_GATEWAYS", "tencent,tencent"),
        ("SMS_GATEWAYS", "tencent*0"),
        ("SMS_GATEWAYS", "tencent*many"),
        ("SMS_GATEWAYS", "tencent,console"),
        ("SMS_ROUTES", "tencent"),
        ("SMS_ROUTES", "CHN:tencent"),
        ("SMS_ROUTES", "CN:"),
        ("SMS_ROUTES", "UK:tencent"),
        ("SMS_ROUTES", "ZZ:tencent"),
        ("SMS_ROUTES", "*:tencent;*:aliyun"),
        ("SMS_ROUTES", "CN:tencent;HK:aliyun;cn:juhe"),
        ("SMS_CALLBACK_SECRET", "fifteen-letters"),
        ("SMS_CALLBACK_SECRET", "a/secret/with/slashes"),
        ("SMS_CALLBACK_SECRET", "a secret of some words"),
        ("SMS_CALLBACK_SECRET", "a-secret-with-a-?-in-it"),
        ("SMS_CALLBACK_SECRET", "ein-geheimnis-für-uns"),
        ("SMS_BREAKER_SECONDS", "0"),
        ("SMS_LOG_DAYS", "0"),
        ("SMS_RECEIPTS_POLL_SECONDS", "9"),
        ("SMS_RECEIPTS_POLL_SECONDS", "often"),
        ("TENCENT_PER_DAY", "0"),
        ("SMS_BUDGET_PER_HOUR", "plenty"),
        ("SMS_BUDGET_PER_DAY", "-1"),
        ("SMS_UNVERIFIED_PER_PREFIX", "1.5"),
        ("SMS_TEST_NUMBERS", "13800000000"),
        ("SMS_TEST_NUMBERS", "13800000000=12345@2027-01-31"),
        ("SMS_TEST_NUMBERS", "13800000000=１２３４５６@2027-01-31"),
        ("SMS_TEST_NUMBERS", "nobody=123456@2027-01-31"),
        ("SMS_TEST_NUMBERS", "13800000000=123456@31.01.2027"),
        ("SMS_TEST_NUMBERS", "13800000000=123456@2027-02-30"),
    ],
)
def test_a_bad_setting_is_named(read, name, value):
    with pytest.raises(BadSetting, match=name):
        read(**{name: value})


def test_a_bad_callback_secret_is_not_shown(read):
    with pytest.raises(BadSetting) as refusal:
        read(SMS_CALLBACK_SECRET="hush/hush")
    assert "hush" not in str(refusal.value)


def test_a_secret_of_sixteen_will_do(read):
    assert sms(read, SMS_CALLBACK_SECRET="sixteen-letters_").callback_secret == "sixteen-letters_"


@pytest.mark.parametrize(("text", "budget"), [("", None), ("none", None), ("500", 500), (" Adaptive ", "adaptive")])
def test_a_budget_is_a_number_adaptive_or_none(read, text, budget):
    config = sms(read, SMS_BUDGET_PER_HOUR=text, SMS_BUDGET_PER_DAY=text)
    assert (config.budget_per_hour, config.budget_per_day) == (budget, budget)


@pytest.mark.parametrize(("text", "seconds"), [("", None), ("none", None), ("10", 10), ("60", 60)])
def test_receipts_are_polled_where_it_is_set(read, text, seconds):
    assert sms(read, SMS_RECEIPTS_POLL_SECONDS=text).receipts_poll_seconds == seconds


@pytest.mark.parametrize("number", ["+8613800000000", "13800000000", "0086 138-0000-0000", "１３８００００００００"])
def test_a_test_number_may_be_spelled_as_people_do(read, number):
    (tester,) = sms(read, SMS_TEST_NUMBERS=f"{number}=123456@2027-01-31").testers.items()
    assert tester[0] == "+8613800000000"
    assert (tester[1].code, tester[1].until) == ("123456", date(2027, 1, 31))


def test_production_wants_the_last_day_of_a_test_number(read):
    with pytest.raises(BadSetting, match="SMS_TEST_NUMBERS"):
        read(**PRODUCTION, SMS_TEST_NUMBERS=f"{TESTER},13800000001=123456")
    assert len(sms(read, **PRODUCTION, SMS_TEST_NUMBERS=f"{TESTER},13800000001=123456@2027-01-31").testers) == 2
    assert sms(read, SMS_TEST_NUMBERS="13800000001=123456").testers["+8613800000001"].until is None


def test_production_refuses_a_console_in_any_route(read):
    with pytest.raises(BadSetting, match="SMS_GATEWAYS"):
        read(**PRODUCTION, SMS_ROUTES="CN:console")


def test_templates_are_told_apart_by_purpose_and_language(read):
    config = sms(read, **TENCENT, TENCENT_TEMPLATE_ID_LOGIN_EN="101", TENCENT_TEMPLATE_ID_PHONE_CHANGED="102")
    templates = {("", ""): "100", ("login", "en"): "101", ("phone_changed", ""): "102"}
    assert config.vendors["tencent"].templates == templates
    assert config.vendors["tencent"].signs == {"": "咚宝"}


def test_templates_and_names_for_overseas_are_told_apart(read):
    overseas = {"TENCENT_TEMPLATE_ID_OVERSEAS": "200", "TENCENT_TEMPLATE_ID_OVERSEAS_LOGIN_EN": "201"}
    vendor = sms(read, **TENCENT, **overseas, TENCENT_SIGN_NAME_OVERSEAS_EN="Dongbao").vendors["tencent"]
    assert (vendor.templates, vendor.signs) == ({("", ""): "100"}, {"": "咚宝"})
    assert (vendor.overseas_templates, vendor.overseas_signs) == (
        {("", ""): "200", ("login", "en"): "201"},
        {"en": "Dongbao"},
    )


def make(read, redis_url, **settings):
    with environment_of({}):
        return create_app(read(REDIS_URL=redis_url, **settings))


@pytest.mark.parametrize("name", sorted(TENCENT.keys() - {"SMS_GATEWAYS", "TENCENT_SIGN_NAME"}))
def test_an_account_that_is_not_complete_ends_the_start(read, redis_url, name):
    with pytest.raises(BadSetting, match=name):
        make(read, redis_url, **(TENCENT | {name: ""}))


@pytest.mark.parametrize("name", ["WEBHOOK_URL", "WEBHOOK_SECRET"])
def test_a_webhook_that_is_not_complete_ends_the_start(read, redis_url, name):
    with pytest.raises(BadSetting, match=name):
        make(read, redis_url, **(WEBHOOK | {name: ""}))


@pytest.mark.parametrize(("settings", "warned"), [({}, 1), ({"TENCENT_PER_DAY": "10"}, 0), ({"SMS_PER_DAY": "2"}, 0)])
def test_tencent_s_limit_of_two_a_day_is_told_at_the_start(read, redis_url, settings, warned, capsys):
    make(read, redis_url, **TENCENT, **settings)
    structlog.reset_defaults()
    said = capsys.readouterr()
    assert (said.out + said.err).count("tencent_limits_a_number") == warned


def test_a_real_gateway_takes_the_inbox_away(read, redis_url):
    app = make(read, redis_url, **WEBHOOK)
    assert app.test_client().get("/dev/inbox").status_code == 404
