"""Many accounts, and what each leaves behind in 300 days, written by PostgreSQL itself."""

from dataclasses import dataclass
from hashlib import md5

import psycopg

from api.user_agents import device_name

AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
DAY = 86_400_000
DAYS = 300
# What one account leaves lies between what others leave, as it does where people come and go.
SCATTER = 7919
FUNCTIONS = f"""
CREATE FUNCTION made(n bigint, many bigint, now bigint) RETURNS bigint IMMUTABLE LANGUAGE sql
    RETURN now - {DAYS * DAY} + n * {DAYS * DAY} / many;
CREATE FUNCTION made_id(kind text, n bigint, at bigint) RETURNS text IMMUTABLE LANGUAGE sql
    RETURN lpad(to_hex(at), 12, '0') || substr(md5(kind || n), 1, 20);
CREATE FUNCTION moment(at bigint) RETURNS timestamptz IMMUTABLE LANGUAGE sql RETURN to_timestamp(at / 1000.0);
CREATE VIEW accounts AS SELECT n, at, whose, made_id('user', whose, made(whose, %(many)s, %(now)s)) AS user_id
    FROM (SELECT n, made(n, %(many)s, %(now)s) AS at, n * {SCATTER} %% %(many)s AS whose
          FROM generate_series(0::bigint, %(many)s - 1) n) AS rows;
"""
USERS = """INSERT INTO users (id, phone, username, username_key, email, password_hash, status, credential_version, created_at)
    SELECT made_id('user', n, at), '+86138' || lpad((n * 7919 %% 100000000)::text, 8, '0'), 'shopper-' || n, 'shopper-' || n,
    'shopper-' || n || '@example.com', %(hash)s, 'active', 1, moment(at) FROM accounts"""
LIVING = """INSERT INTO sessions (id, user_id, counter, device, ip, created_at, refreshed_at, expires_at, ends_at)
    SELECT made_id('living', n, at), user_id, 1, %(device)s, '203.0.113.7', moment(at), moment(at), moment(%(now)s) + '30 days',
    moment(%(now)s) + '90 days' FROM accounts"""
ENDED = """INSERT INTO sessions (id, user_id, counter, device, ip, created_at, refreshed_at, expires_at, ends_at, ended_at)
    SELECT made_id('ended', n, at), user_id, 1, %(device)s, '203.0.113.7', moment(at), moment(at), moment(at) + '30 days',
    moment(at) + '90 days', moment(at) + '9 days' FROM accounts"""
EVENTS = """INSERT INTO security_events (id, user_id, type, at, session_id, ip, device, request_id)
    SELECT made_id(%(kind)s, n, at), user_id, 'logged_in', moment(at), made_id('living', n, at), '203.0.113.7', %(device)s,
    substr(md5(n::text), 1, 16) FROM accounts"""
MESSAGES = """INSERT INTO sms_messages (id, sms_id, phone_name, phone_masked, region, purpose, language, gateway, outcome,
    vendor_message_id, request_id, sent_at, verified_at)
    SELECT made_id('message', n, at), md5('sms' || n), substr(md5('phone' || whose), 1, 16), '+86138****1234', 'CN', 'login', 'zh-CN',
    'tencent', 'sent', md5('vendor' || n), substr(md5(n::text), 1, 16), moment(at), moment(at) FROM accounts"""
DEVICES = "INSERT INTO devices SELECT user_id, %(device)s, moment(at) FROM accounts"
NOTICES = """INSERT INTO notices (id, user_id, channel, kind, recipient_masked, sealed, attempts, created_at, sent_at)
    SELECT made_id('notice', n, at), user_id, 'mail', 'verify_email', 's****@example.com', '', 1, moment(at), moment(at)
    FROM accounts"""
INDEXES = """SELECT indexname, indexdef FROM pg_indexes
    WHERE schemaname = 'public' AND indexdef NOT LIKE 'CREATE UNIQUE%'"""
KINDS_OF_EVENTS = ("first", "second", "third")


@dataclass(frozen=True)
class Accounts:
    """``many`` accounts by their numbers, in a database that was filled at ``now`` (milliseconds since 1970)."""

    many: int
    now: int

    def user_id(self, number: int) -> str:
        """Of the account itself."""
        return self._id("user", number)

    def session_id(self, number: int) -> str:
        """Of the account's living session."""
        return self._id("living", number * pow(SCATTER, -1, self.many) % self.many)

    def phone(self, number: int) -> str:
        """E.164."""
        return f"+86138{number * SCATTER % 10**8:08}"

    def username(self, number: int) -> str:
        """As it was typed."""
        return f"shopper-{number}"

    def _id(self, kind: str, n: int) -> str:
        at = self.now - DAYS * DAY + n * DAYS * DAY // self.many
        return f"{at:012x}{md5(f'{kind}{n}'.encode()).hexdigest()[:20]}"


def fill(connection: psycopg.Connection, accounts: Accounts, password_hash: str) -> None:
    """For each account a living and an ended session, three events, a message, a device and a notice that was sent."""
    values = {"many": accounts.many, "now": accounts.now, "hash": password_hash, "device": device_name(AGENT)}
    connection.execute(FUNCTIONS % {"many": accounts.many, "now": accounts.now})
    # Keys are not looked up for each row, and indexes made when all rows are there: a fifth of the time.
    connection.execute("SET session_replication_role = replica")
    indexes = connection.execute(INDEXES).fetchall()
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    for statement in (USERS, LIVING, ENDED, MESSAGES, DEVICES, NOTICES):
        connection.execute(statement, values)
    for kind in KINDS_OF_EVENTS:
        connection.execute(EVENTS, {**values, "kind": kind})
    for _, definition in indexes:
        connection.execute(definition)
    connection.execute("VACUUM ANALYZE")
