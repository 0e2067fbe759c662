"""Solutions: what counts as one, for whom, and how often."""

import base64
import json
import secrets

import pytest
import structlog
from altcha import create_challenge

from services.clock import system_clock
from services.debts import JUDGED_MINUTES, LEAST_BAD, MINUTE, Act, Debtor, Debts
from services.keyring import Keyring
from services.proof_of_work import EASIEST, HARDEST, LEEWAY, LIFETIME, LONGEST_PAYLOAD, ProofOfWork, Solution
from tests.clients import InProcessClient
from tests.parallel import in_parallel
from tests.settings import SECRET
from tests.work import HEADER, solve

pytestmark = pytest.mark.one_database

HOME, NEIGHBOUR = "203.0.113.0", "203.0.112.0"
# Of PBKDF2-HMAC-SHA-256 in a second, on a slow core of a phone.
ROUNDS_OF_A_CORE = 300_000


@pytest.fixture
def work(clock):
    return ProofOfWork(Keyring([SECRET]), clock)


@pytest.fixture(scope="module")
def solved():
    """A payload of now, and the parts that it is made of."""
    payload = solve(ProofOfWork(Keyring([SECRET]), system_clock).issue(HOME, EASIEST))
    return payload, json.loads(base64.b64decode(payload))


def encode(value) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


def test_a_solution_is_good_in_the_network_that_it_was_given_to(work, solved):
    assert work.read(solved[0], HOME).level == EASIEST
    assert work.read(solved[0], NEIGHBOUR) is None


def test_a_solution_is_good_for_five_minutes(work, clock, solved):
    clock.advance(LIFETIME - 30)
    assert 0 < work.read(solved[0], HOME).remembered - LEEWAY <= 30
    clock.advance(30)
    assert work.read(solved[0], HOME) is None


def test_the_hardest_work_takes_two_slow_cores_of_a_phone_two_seconds_at_most(work, monkeypatch):
    monkeypatch.setattr(secrets, "randbelow", lambda end: end - 1)
    worst = json.loads(base64.b64decode(solve(work.issue(HOME, HARDEST))))
    tries, rounds = worst["solution"]["counter"] + 1, worst["challenge"]["parameters"]["cost"]
    assert tries > 1
    assert tries * rounds <= 2 * 2 * ROUNDS_OF_A_CORE


def test_the_newest_key_signs_and_an_older_one_still_counts(clock, work, solved):
    other = "another-secret-of-the-tests-that-is-long-enough"
    assert ProofOfWork(Keyring([SECRET, other]), clock).read(solved[0], HOME)
    assert ProofOfWork(Keyring([other]), clock).read(solved[0], HOME) is None
    assert work.read(solve(ProofOfWork(Keyring([SECRET, other]), clock).issue(HOME, EASIEST)), HOME) is None


def test_however_a_solution_is_spelled_it_is_the_same(work, solved):
    payload, parts = solved
    spellings = [payload + "=", f" {payload}", encode(parts), encode({**parts, "more": 1})]
    spellings.append(encode({**parts, "solution": {**parts["solution"], "time": 5}}))
    assert {work.read(spelling, HOME).name for spelling in spellings} == {work.read(payload, HOME).name}


def test_numbers_spelled_as_fractions_are_whole_ones(work, solved):
    """R35: their signature is the same, and Redis takes no time of 360.0 seconds."""
    parts = json.loads(json.dumps(solved[1]))
    parameters = parts["challenge"]["parameters"]
    parameters["expiresAt"], parameters["data"] = float(parameters["expiresAt"]), {"level": float(EASIEST)}
    read = work.read(encode(parts), HOME)
    assert read == work.read(solved[0], HOME)
    assert (type(read.level), type(read.remembered)) == (int, int)


def _altered(parts):
    """Each with one thing changed."""
    challenge, solution = parts["challenge"], parts["solution"]
    for name, value in {
        "expiresAt": challenge["parameters"]["expiresAt"] + 1000,
        "data": {"level": HARDEST},
        "cost": 1,
        "keyPrefix": "00",
        "keySignature": "00" * 32,
        "nonce": 5,
    }.items():
        yield {**parts, "challenge": {**challenge, "parameters": {**challenge["parameters"], name: value}}}
    for key in ("", None, 7, "zz", "00" * 32, [], "é"):
        yield {**parts, "solution": {**solution, "derivedKey": key}}
    for signature in ("", None, 7, "00" * 32, {}, "é"):
        yield {**parts, "challenge": {**challenge, "signature": signature}}


def _foreign():
    """Good work, for a challenge that somebody signed with a secret of theirs, or that nobody signed."""
    for secret in ("a secret of theirs", None):
        challenge = create_challenge("SHA-256", 1, counter=1, hmac_secret=secret, hmac_key_secret=secret)
        yield base64.b64decode(solve(challenge.to_dict()))


def test_what_is_no_solution_of_ours_is_none(work, solved):
    """R35: and never an error."""
    texts = [
        "",
        "x",
        "é",
        "\ud800",
        "=" * 9,
        base64.b64encode(b"[" * 1500).decode(),
        "A" * 100_000,
        solved[0] + " " * LONGEST_PAYLOAD,
    ]
    values = [
        None,
        1,
        [],
        {},
        "x",
        {"challenge": 1},
        {"challenge": {"parameters": []}},
        {"challenge": [], "solution": 1},
    ]
    values += [{"challenge": {"parameters": {"expiresAt": 10**400}}}, {**solved[1], "solution": None}, 1e400]
    texts += [encode(value) for value in (*values, *_altered(solved[1]))]
    texts += [base64.b64encode(text).decode() for text in (*_foreign(), b"\xff\xfe", b"NaN", b"9" * 1400)]
    assert [text for text in texts if work.read(text, HOME)] == []


def test_of_many_who_bring_one_solution_one_is_let_through(redis, clock, work, solved):
    debts = Debts(redis, {"sms": lambda: 1.0}, clock, None)
    act, solution = Act("sms", (Debtor("sms:address:a", 5, 1, 24),), "phone"), work.read(solved[0], HOME)
    verdicts = in_parallel(50, lambda _: debts.weigh(act, EASIEST, solution))
    assert sum(verdict.claim is not None for verdict in verdicts) == 1


def test_of_many_at_once_as_many_pass_as_a_debtor_may_owe(redis, clock):
    """And then the work is the harder, the more is owed."""
    debts, debtors = Debts(redis, {"sms": lambda: 1.0}, clock, None), (Debtor("sms:address:a", 5, 1, 24),)
    asked = in_parallel(30, lambda i: debts.weigh(Act("sms", debtors, f"phone {i}")))
    assert [verdict.level for verdict in asked].count(0) == 5
    again = in_parallel(30, lambda i: debts.weigh(Act("sms", (Debtor("sms:address:b", 1, 1, 24),), "one phone")))
    assert [verdict.level for verdict in again].count(0) == 30
    levels = [debts.weigh(Act("sms", (Debtor("sms:address:a", may, 1, 24),), "")).level for may in (6, 5, 4, 3, 2, 1)]
    assert levels == [0, 1, 1, 2, 2, 3]
    asked_for_two = Act("sms", (Debtor("sms:address:a", 3, 1, 24),), "")
    assert debts.weigh(asked_for_two, solution=Solution(1, "easy", 60)).claim is None
    assert debts.weigh(asked_for_two, solution=Solution(2, "right", 60)).claim


def test_what_work_was_done_for_is_not_owed_by_who_takes_it(redis, clock):
    """Nor is it given back."""
    debts, act = (
        Debts(redis, {"sms": lambda: 1.0}, clock, None),
        Act("sms", (Debtor("sms:everybody:a", 1, 1, 24, takes_work=True),), "phone"),
    )
    worked = [debts.weigh(act, EASIEST, Solution(1, f"work {i}", 60)).claim for i in range(3)]
    free = debts.weigh(Act("sms", act.debtors, "another phone"))
    assert (all(worked), free.level) == (True, 0)
    debts.give_back(worked[0])
    assert debts.weigh(Act("sms", act.debtors, "a third phone")).level == 1


def test_where_everybody_works_a_network_owes_what_it_did_no_more_work_for(redis, clock):
    """As with ``CHALLENGE=always``; and that is given back."""
    debts = Debts(redis, {"sms": lambda: 1.0}, clock, None, everybodys=EASIEST)
    act = Act("sms", (Debtor("sms:network:a", 2, 1, 24, takes_work=True),))
    verdicts = [
        debts.weigh(act, solution=Solution(level, f"work {i}", 60)) for i, level in enumerate((1, 1, 1, 1, 2, 2))
    ]
    assert [(verdict.level, verdict.claim is not None) for verdict in verdicts] == [(1, True)] * 4 + [(2, True)] * 2
    debts.give_back(verdicts[-1].claim)
    assert debts.weigh(act).level == 2
    debts.give_back(verdicts[0].claim)
    assert debts.weigh(act).level == 1


def test_where_everybody_works_an_alarm_lasts_while_the_work_of_debtors_is_left_undone(redis, clock):
    debts = Debts(redis, {"sms": lambda: 1.0}, clock, structlog.get_logger(), everybodys=EASIEST)
    acts = [Act("sms", (Debtor(f"sms:address:{i}", 99, 1, 24),)) for i in range(LEAST_BAD)]
    for i, act in enumerate(2 * acts):
        assert debts.weigh(act, solution=Solution(EASIEST, f"work {i}", 60)).claim
    for _ in range(JUDGED_MINUTES):
        clock.advance(2 * MINUTE)
        assert {debts.weigh(act).level for act in acts[:8]} == {2}
    clock.advance(JUDGED_MINUTES * MINUTE + 2 * MINUTE)
    assert debts.weigh(acts[0]).level == EASIEST


def test_an_order_that_is_older_than_debts_is_not_taken_off_them(redis, clock):
    """However many orders for the phone came later: they alone are weighed as if they had not been."""
    debts = Debts(redis, {"sms": lambda: 1.0}, clock, None)

    def order(phone):
        return debts.weigh(Act("sms", (Debtor("sms:address:a", 3, 1, 24),), phone)).level

    assert [order("phone") for _ in range(4)] == [0] * 4
    clock.advance(25 * 3600)
    assert [order(f"phone {i}") for i in range(3)] == [0] * 3
    assert order("phone") == 1
    assert redis.lrange("{risk}:asked:phone", 0, -1) == []


def test_a_code_pays_for_no_message_that_is_not_sent(redis, clock):
    """Orders that wait for their refusal while the code of another is typed earn nothing."""
    debts = Debts(redis, {"sms": lambda: 1.0}, clock, None)
    act = Act("sms", (Debtor("sms:address:a", 5, 1, 24), Debtor("sms:everybody", 99, 9, 24, takes_work=True)), "phone")
    claims = [debts.weigh(act, *work).claim for work in ((), (), (EASIEST, Solution(EASIEST, "work", 60)))]
    debts.verified("phone")
    for claim in claims[1:]:
        debts.give_back(claim)
    assert {key: redis.hvals(key) for key in redis.keys("{risk}:sms:*") if not key.endswith(b"site")} == {
        b"{risk}:sms:address:a": [b"-1"],
        b"{risk}:sms:everybody": [b"-1"],
    }
    told = {field[:2]: int(number) for field, number in redis.hgetall("{risk}:sms:site").items()}
    assert (told[b"a:"], told[b"g:"]) == (1, 1)


def test_codes_that_never_were_leave_no_debtors_behind(make_app, redis):
    """Anybody can make up ids, and each names another phone."""
    client = InProcessClient(make_app(challenge="adaptive"), "203.0.113.5")
    for number in range(3):
        assert client.post(f"/v1/sms/{'a' * 22}{number:016x}/resend").code == "code_expired"
    assert redis.keys("{risk}:*") == [b"{risk}:sms:site"]


def test_where_everybody_is_asked_for_work_everybody_owes_as_ever(make_app, redis):
    client = InProcessClient(make_app(challenge="always"), "203.0.113.5")
    headers = {HEADER: solve(client.get("/v1/challenge").json)}
    client.post("/v1/sms", json={"phone": "+8613800138000", "purpose": "register"}, headers=headers)
    owing = {key.split(b":")[2] for key in redis.keys("{risk}:sms:*:*")}
    assert owing == {b"address", b"network", b"everybody", b"phone", b"prefix"}


def test_debts_end_by_themselves_and_name_nobody(make_app, redis):
    client = InProcessClient(make_app(challenge="adaptive"), "203.0.113.5")
    client.post("/v1/sms", json={"phone": "+8613800138000", "purpose": "register"})
    client.post("/v1/login", json={"account": "zhangsan", "password": "wrong password"})
    keys = redis.keys("{risk}:*")
    assert len(keys) == 11
    assert all(0 < redis.ttl(key) <= 25 * 3600 for key in keys)
    text = b"".join(keys + redis.lrange(redis.keys("*asked*")[0], 0, -1))
    assert not any(word in text for word in (b"203.0", b"138001", b"zhangsan"))
