"""The vendors' own limits of a number, mirrored."""

from datetime import UTC, datetime

import pytest
import structlog

from api.wiring_sms import PRESETS
from services.keyring import Keyring
from services.owed import Owed
from services.vendor_windows import CHINESE_DAY, VendorWindows, Window
from sms.gateway import Reason
from tests.parallel import in_parallel
from tests.services.gateways import PHONE
from tests.settings import SECRET
from tests.timetravel import HandTurnedClock, age_redis

DAILY = {"tencent": (Window(1, 30, Reason.COOLDOWN), Window(2, CHINESE_DAY, Reason.DAILY_LIMIT))}


@pytest.fixture
def make_windows(redis, clock):
    owed = Owed(structlog.get_logger())
    return lambda windows=PRESETS | DAILY, clock=clock: VendorWindows(redis, owed, Keyring([SECRET]), windows, clock)


@pytest.fixture
def windows(make_windows):
    return make_windows()


def test_a_gateway_without_windows_has_no_limit(windows, redis):
    assert {windows.claim("webhook", PHONE).full for _ in range(20)} == {None}
    assert redis.keys() == []


@pytest.mark.parametrize(
    ("gateway", "gaps", "reason", "wait"),
    [
        ("aliyun", [0], Reason.COOLDOWN, 60),
        ("aliyun", [61] * 5, Reason.HOURLY_LIMIT, 3600 - 5 * 61),
        ("aliyun", [721] * 10, Reason.DAILY_LIMIT, 86400 - 10 * 721),
        ("juhe", [0], Reason.COOLDOWN, 30),
        ("juhe", [31, 31, 31], Reason.HOURLY_LIMIT, 1800 - 93),
    ],
)
def test_the_presets_are_the_vendors(windows, redis, gateway, gaps, reason, wait):
    for seconds in gaps:
        assert windows.claim(gateway, PHONE).full is None
        age_redis(redis, seconds)
    claim = windows.claim(gateway, PHONE)
    assert claim.full is reason
    assert wait - 3 < claim.wait <= wait


def test_the_day_of_tencent_is_a_calendar_day_of_china(make_windows, redis):
    windows = make_windows({"tencent": (Window(2, CHINESE_DAY, Reason.DAILY_LIMIT),)})
    today = (datetime.now(UTC).timestamp() + 28800) % 86400
    assert [windows.claim("tencent", PHONE).full for _ in range(2)] == [None, None]
    claim = windows.claim("tencent", PHONE)
    assert claim.full is Reason.DAILY_LIMIT
    assert claim.wait == pytest.approx(86400 - today, abs=3)
    age_redis(redis, today + 3)
    assert windows.claim("tencent", PHONE).full is None


def test_numbers_and_gateways_are_told_apart(windows):
    windows.claim("aliyun", PHONE)
    assert windows.claim("aliyun", "+8613800138001").full is None
    assert windows.claim("juhe", PHONE).full is None


def test_what_is_given_back_is_free_again(windows):
    claim = windows.claim("aliyun", PHONE)
    windows.give_back(claim)
    assert windows.claim("aliyun", PHONE).full is None


def test_of_many_at_once_one_gets_the_place(windows):
    claims = in_parallel(30, lambda _: windows.claim("aliyun", PHONE))
    assert [claim.full for claim in claims].count(None) == 1


def test_a_refusal_takes_no_place(windows, redis):
    windows.claim("aliyun", PHONE)
    for _ in range(9):
        windows.claim("aliyun", PHONE)
    age_redis(redis, 61)
    assert windows.claim("aliyun", PHONE).full is None


def test_redis_has_no_number(windows, redis):
    windows.claim("aliyun", PHONE)
    assert not any(PHONE.removeprefix("+86").encode() in key for key in redis.keys("*"))


def test_the_longest_wait_is_that_of_the_window_named(make_windows):
    """F23: what is said where the vendor names a window and no time."""
    windows = make_windows(clock=HandTurnedClock(datetime(2026, 11, 23, 15, 0, tzinfo=UTC)))
    assert windows.longest_wait("aliyun", Reason.COOLDOWN) == 60
    assert windows.longest_wait("juhe", Reason.COOLDOWN) == 60
    assert windows.longest_wait("tencent", Reason.DAILY_LIMIT) == 3600
    assert windows.longest_wait("webhook", Reason.COOLDOWN) is None
