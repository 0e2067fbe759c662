"""Notices: written with the act, sent once by many, tried again, given up, and never lost in between."""

import threading
from contextlib import contextmanager, suppress
from datetime import timedelta

import pytest
import structlog
from sqlalchemy import select
from structlog.testing import capture_logs

from mail.nowhere import Nowhere
from mail.transport import Cause, NotTaken
from models import Notice
from models.database import connect_database
from services.errors import Invalid, SmsUnavailable
from services.keyring import Keyring
from services.mail_caps import MailCaps
from services.notice_channels import MailChannel, SmsChannel
from services.notice_log import NoticeLog
from services.notices import MAIL, PAUSES, SMS, Notices, NotTold
from services.sender import NoTemplate
from services.sms_caps import SmsCaps
from services.sources import Source
from tests.parallel import in_parallel
from tests.settings import SECRET
from tests.waiting import wait_until

SOURCE = Source("Firefox", "192.0.2.1", "cart-7f3a", "en")
LI, USER, PHONE = "li.si@example.com", "0" * 32, "+8613800138000"
MINUTE = 60


class Channel:
    """Takes letters, or raises what it is told to; ``hold`` keeps it in the act of sending."""

    def __init__(self, refusal=None):
        self.refusal = refusal
        self.letters = []
        self.asked = 0
        self.hold = threading.Event()
        self.hold.set()
        self._lock = threading.Lock()

    def send(self, letter):
        with self._lock:
            self.asked += 1
        self.hold.wait(5)
        if self.refusal:
            raise self.refusal
        with self._lock:
            self.letters.append(letter)


class Post:
    """The notices of one process, and its channels."""

    def __init__(self, database, clock, mail, sms, secrets=(SECRET,)):
        self.database = database
        self.mail, self.sms = mail, sms
        self.notices = Notices(database, Keyring(secrets), {MAIL: mail, SMS: sms}, clock, structlog.get_logger())
        self.log = NoticeLog(database, self.notices, clock)

    @contextmanager
    def writing(self):
        with self.database.transaction() as connection:
            yield connection

    def tell(self, kind="password_changed", email=LI, phone=None, **values):
        with self.writing() as connection:
            self.notices.tell(connection, kind, USER, SOURCE, phone=phone, email=email, **values)

    def rows(self):
        with self.database.connection() as connection:
            return connection.execute(select(Notice.__table__).order_by(Notice.id)).all()

    def row(self):
        (row,) = self.rows()
        return row


@pytest.fixture
def make_post(database_url, clock):
    databases = []

    def make(mail=None, sms=None, at=clock, **options):
        databases.append(connect_database(database_url, 20, 5))
        return Post(databases[-1], at, mail or Channel(), sms or Channel(), **options)

    yield make
    for database in databases:
        database.engine.dispose()


@pytest.fixture
def post(make_post):
    return make_post()


def test_a_notice_goes_to_a_verified_address_else_to_the_phone_else_nowhere(post):
    post.tell(email=LI, phone=PHONE)
    post.tell(email=None, phone=PHONE)
    post.tell(email=None, phone=None)
    assert post.notices.send_due() == 2
    assert [letter.to for letter in post.mail.letters] == [LI]
    assert [letter.to for letter in post.sms.letters] == [PHONE]


def test_what_was_sent_is_on_record_without_its_contents(post, clock):
    post.tell(phone=PHONE)
    before = post.row()
    assert (before.attempts, before.due_at, before.sent_at, before.request_id) == (0, clock(), None, "cart-7f3a")
    assert LI not in repr(tuple(before))
    clock.advance(3)
    assert post.notices.send_due() == 1
    after = post.row()
    assert (after.attempts, after.due_at, after.sent_at, after.error, after.sealed) == (1, None, clock(), None, "")
    assert (after.recipient_masked, after.channel, after.kind) == ("l****@example.com", "mail", "password_changed")
    assert post.notices.send_due() == 0


def test_what_is_not_committed_is_not_told(post):
    with suppress(RuntimeError), post.writing() as connection:
        post.notices.mail(connection, "password_changed", USER, SOURCE, LI)
        raise RuntimeError
    assert (post.notices.send_due(), post.rows()) == (0, [])


def test_many_processes_send_a_notice_once(make_post):
    posts = [make_post() for _ in range(10)]
    for _ in range(30):
        posts[0].tell()
    sent = in_parallel(20, lambda i: posts[i % 10].notices.send_due())
    letters = [letter.id for post in posts for letter in post.mail.letters]
    assert (sum(sent), len(letters), len(set(letters))) == (30, 30, 30)


def test_a_refused_notice_is_tried_again_ever_more_rarely_and_then_given_up(make_post, clock):
    post = make_post(mail=Channel(NotTold("refused")))
    post.tell()
    for tries, pause in enumerate(PAUSES, start=1):
        post.notices.send_due()
        assert (post.row().attempts, post.row().error) == (tries, "refused")
        clock.advance(pause * MINUTE - 1)
        post.notices.send_due()
        assert post.mail.asked == tries
        clock.advance(1)
    with capture_logs() as logs:
        post.notices.send_due()
    assert [(line["event"], line["error"], line["attempts"]) for line in logs] == [("notice_given_up", "refused", 7)]
    assert (post.row().due_at, post.row().sent_at) == (None, None)
    clock.advance(100 * 86400)
    post.notices.send_due()
    assert post.mail.asked == 7


def test_a_notice_that_is_taken_at_the_second_try_is_sent(make_post, clock):
    post = make_post(mail=Channel(NotTold("refused")))
    post.tell()
    post.notices.send_due()
    post.mail.refusal = None
    clock.advance(MINUTE)
    assert post.notices.send_due() == 1
    assert (post.row().attempts, post.row().error, post.row().sealed) == (2, None, "")


def test_what_can_never_be_told_is_given_up_at_once(make_post, clock):
    post = make_post(mail=Channel(NotTold("recipient", final=True)))
    post.tell()
    post.notices.send_due()
    assert (post.row().due_at, post.row().attempts, post.row().error) == (None, 1, "recipient")


def test_a_defect_is_told_by_its_kind_and_tried_again(make_post):
    post = make_post(mail=Channel(ValueError(f"{LI} is odd")))
    post.tell()
    with capture_logs() as logs:
        post.notices.send_due()
    assert post.row().error == "ValueError"
    assert LI not in repr(logs)
    assert post.row().due_at is not None


def test_who_dies_while_sending_leaves_the_notice_to_another(make_post, clock):
    dying, other = make_post(mail=Channel(KeyboardInterrupt())), make_post()
    dying.tell()
    with pytest.raises(KeyboardInterrupt):
        dying.notices.send_due()
    assert other.notices.send_due() == 0
    clock.advance(MINUTE)
    assert other.notices.send_due() == 1
    assert len(other.mail.letters) == 1


def test_who_wakes_up_late_and_fails_does_not_spoil_what_another_has_sent(make_post, clock):
    late, other = make_post(mail=Channel(NotTold("recipient", final=True))), make_post()
    late.tell()
    late.mail.hold.clear()
    sleeper = threading.Thread(target=late.notices.send_due)
    sleeper.start()
    wait_until(lambda: late.mail.asked, "the sleeper's claim")
    clock.advance(MINUTE)
    assert other.notices.send_due() == 1
    late.mail.hold.set()
    sleeper.join()
    assert (other.row().error, other.row().sent_at, other.row().due_at) == (None, clock(), None)


def test_a_clock_that_is_set_back_sends_nothing_twice(post, clock):
    post.tell()
    assert post.notices.send_due() == 1
    clock.advance(-3600)
    post.tell("reopened")
    assert post.notices.send_due() == 1
    clock.advance(7200)
    assert post.notices.send_due() == 0


def test_a_server_that_is_down_costs_one_try_in_a_round(make_post, clock):
    """F20: the rest of the round leaves it alone."""
    post = make_post(mail=Channel(NotTold("unreachable", outage=True)))
    for _ in range(100):
        post.tell()
    assert (post.notices.send_due(), post.mail.asked) == (0, 1)
    assert sorted(row.attempts for row in post.rows()) == [0] * 99 + [1]
    post.mail.refusal = None
    clock.advance(MINUTE)
    assert post.notices.send_due() == 100


def test_no_channel_waits_for_another(post):
    post.mail.hold.clear()
    post.tell()
    post.tell(email=None, phone=PHONE)
    post.notices.send_soon()
    wait_until(lambda: post.sms.letters, "the SMS")
    assert post.mail.letters == []
    post.mail.hold.set()
    wait_until(lambda: post.mail.letters, "the mail")


def test_a_notice_written_while_a_round_is_under_way_is_sent_by_the_next(post):
    post.mail.hold.clear()
    for count in range(1, 4):
        post.tell()
        post.notices.send_soon()
        wait_until(lambda: post.mail.asked, "the first")
        assert len(post.rows()) == count
    post.mail.hold.set()
    wait_until(lambda: len(post.mail.letters) == 3, "all three")


def test_a_round_that_breaks_off_keeps_nobody_from_asking_for_the_next(make_post, clock):
    asked = []

    def clock_of_the_first_round():
        asked.append(1)
        if len(asked) == 2:
            raise RuntimeError
        return clock()

    post = make_post(at=clock_of_the_first_round)
    post.tell()
    post.notices.send_soon()
    wait_until(lambda: len(asked) == 2, "the first round")
    post.tell(email=None, phone=PHONE)
    post.tell()
    post.notices.send_soon()
    wait_until(lambda: len(post.mail.letters) == 2 and post.sms.letters, "all three")


def test_a_round_for_which_no_thread_can_be_had_keeps_nobody_from_asking_for_the_next(post, monkeypatch):
    def refuse(_thread):
        raise RuntimeError("can't start new thread")

    post.tell()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        post.notices.send_soon()
    post.tell()
    post.notices.send_soon()
    wait_until(lambda: len(post.mail.letters) == 2, "both")


def test_what_a_lost_key_sealed_is_given_up(make_post, clock):
    make_post().tell()
    other = make_post(secrets=("another-secret-that-is-long-enough-0123456789",))
    other.notices.send_due()
    assert (other.row().error, other.row().due_at) == ("unreadable", None)


def test_a_kind_that_only_a_newer_release_knows_waits_for_it(post):
    post.tell("of_tomorrow")
    post.notices.send_due()
    assert (post.row().error, post.row().due_at is not None) == ("KeyError", True)


def test_the_longest_address_fits_into_the_record(post):
    post.tell(email=f"{'l' * 64}@{'d' * 60}.{'d' * 60}.{'d' * 58}.com")
    post.notices.send_due()
    assert post.row().recipient_masked.startswith("l****@d")
    assert post.row().recipient_masked.endswith("d.com")


def test_failed_ones_are_tried_again_by_hand(make_post, clock):
    post = make_post(mail=Channel(NotTold("recipient", final=True)))
    for _ in range(3):
        post.tell()
    post.notices.send_due()
    post.mail.refusal = None
    first, *_ = post.rows()
    assert post.log.retry(first.id) == (1, 1)
    assert post.log.retry(first.id) == (0, 0)
    assert post.log.retry() == (2, 2)
    assert len(post.mail.letters) == 3


def test_what_nobody_has_tried_yet_is_not_tried_again(post):
    post.tell()
    assert post.log.retry() == (0, 0)


def test_the_list_is_of_those_not_sent_unless_all_are_asked_for(make_post, clock):
    post = make_post()
    post.tell()
    post.notices.send_due()
    post.mail.refusal = NotTold("recipient", final=True)
    clock.advance(1)
    post.tell("reopened")
    post.notices.send_due()
    (unsent,) = post.log.list(False, 10)
    assert (unsent.kind, unsent.error, unsent.recipient_masked) == ("reopened", "recipient", "l****@example.com")
    assert [view.kind for view in post.log.list(True, 10)] == ["reopened", "password_changed"]
    assert len(post.log.list(True, 1)) == 1


def test_old_ones_are_deleted_sent_or_not(make_post, clock):
    post = make_post()
    post.tell()
    post.notices.send_due()
    post.tell()
    clock.advance(30 * 86400 - 1)
    post.tell("reopened")
    assert post.log.purge(timedelta(days=30)) == 0
    clock.advance(2)
    assert post.log.purge(timedelta(days=30)) == 2
    assert [row.kind for row in post.rows()] == ["reopened"]


# The channels


class Transport:
    def __init__(self, refusal=None):
        self.refusal = refusal
        self.mails = []

    def send(self, mail):
        if self.refusal:
            raise self.refusal
        self.mails.append(mail)


@pytest.fixture
def caps(redis):
    return MailCaps(redis, Keyring((SECRET,)), {"verify_email": 5})


@pytest.mark.parametrize(
    ("cause", "final", "outage"),
    [
        (Cause.RECIPIENT, True, False),
        (Cause.REFUSED, False, False),
        (Cause.UNREACHABLE, False, True),
        (Cause.TIMEOUT, False, True),
        (Cause.TLS, False, True),
        (Cause.AUTH, False, True),
        (Cause.UNSET, True, False),
    ],
)
def test_what_a_refused_mail_means(make_post, caps, clock, cause, final, outage):
    post = make_post(mail=MailChannel(Transport(NotTaken(cause)), caps))
    post.tell()
    clock.advance(1)
    post.tell()
    post.notices.send_due()
    first, second = post.rows()
    assert (first.error, first.due_at is None) == (cause.value, final)
    assert second.attempts == (0 if outage else 1)


def test_without_a_server_mails_are_listed_and_sent_once_there_is_one(make_post, caps):
    post = make_post(mail=MailChannel(Nowhere(), caps))
    post.tell()
    post.notices.send_due()
    assert [view.error for view in post.log.list(False, 10)] == ["unset"]
    transport = Transport()
    later = make_post(mail=MailChannel(transport, caps))
    assert later.log.retry() == (1, 1)
    assert len(transport.mails) == 1


@pytest.mark.parametrize(
    ("error", "final"), [(SmsUnavailable(), False), (Invalid(phone="phone_invalid"), True), (NoTemplate(), True)]
)
def test_what_a_refused_sms_means(make_post, redis, error, final):
    class Sender:
        def send(self, message, trusted):
            raise error

    post = make_post(sms=SmsChannel(Sender(), SmsCaps(redis, Keyring((SECRET,)))))
    post.tell(email=None, phone=PHONE)
    post.notices.send_due()
    assert (post.row().error, post.row().due_at is None) == (error.code, final)


def test_an_address_gets_five_links_a_day_whoever_asks_and_however_it_is_written(make_post, caps, clock, pass_time):
    transport = Transport()
    post = make_post(mail=MailChannel(transport, caps))
    spellings = [LI, "LI.SI@example.com", "li.si+1@example.com", "li.si+2@EXAMPLE.com", "ｌi.si@example.com", LI, LI]
    for address in spellings:
        post.tell("verify_email", email=address, link="https://x.example/", hours="24")
        clock.advance(1)
    post.tell("password_changed")
    clock.advance(1)
    post.tell("verify_email", email="wang@example.com", link="https://x.example/", hours="24")
    post.notices.send_due()
    assert [mail.kind for mail in transport.mails] == ["verify_email"] * 5 + ["password_changed", "verify_email"]
    assert [row.error for row in post.rows() if row.error] == ["capped", "capped"]
    pass_time(86400)
    post.tell("verify_email", link="https://x.example/", hours="24")
    post.notices.send_due()
    assert len(transport.mails) == 8


def test_a_link_that_is_tried_again_counts_once(make_post, caps, pass_time):
    transport = Transport(NotTaken(Cause.REFUSED))
    post = make_post(mail=MailChannel(transport, caps))
    for _ in range(5):
        post.tell("verify_email", link="https://x.example/", hours="24")
    for pause in PAUSES[:4]:
        post.notices.send_due()
        pass_time(pause * MINUTE)
    transport.refusal = None
    assert post.notices.send_due() == 5


def test_a_hundred_at_once_take_five(redis, caps):
    assert sum(in_parallel(100, lambda i: caps.claim("verify_email", LI, str(i)))) == 5


def test_redis_knows_no_address(make_post, caps, redis):
    caps.claim("verify_email", LI, "1")
    assert [key for key in redis.scan_iter() if b"li.si" in key] == []


def test_a_number_gets_ten_notices_of_a_kind_in_a_day(make_post, redis, clock, pass_time):
    """R15: no budget stops them, and their owner can change a password as often as the limits of logins allow."""
    sent = []

    class Sender:
        def send(self, message, trusted):
            sent.append(message.purpose)

    post = make_post(sms=SmsChannel(Sender(), SmsCaps(redis, Keyring((SECRET,)))))
    for _ in range(12):
        post.tell("password_changed", email=None, phone=PHONE)
        clock.advance(1)
    post.tell("password_reset", email=None, phone=PHONE)
    post.notices.send_due()
    assert sent == ["password_changed"] * 10 + ["password_reset"]
    assert [row.error for row in post.rows() if row.error] == ["capped"] * 2
    assert not [key for key in redis.scan_iter() if PHONE[-8:].encode() in key]
    pass_time(86400)
    post.tell("password_changed", email=None, phone=PHONE)
    assert post.notices.send_due() == 1
