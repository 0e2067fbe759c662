"""A database that is lost and restored: shoppers notice nothing, but for what happened since the backup."""

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import ProgrammingError

from tests.clients import InProcessClient
from tests.deploy.backups import PostgresCopy, SqliteCopy, has_password
from tests.servers.postgres import PostgresServer

pytestmark = pytest.mark.one_database
NEW_KEY = ("a-new-key-alone-that-is-long-enough-0123456789",)


@pytest.fixture(scope="module")
def postgres():
    server = PostgresServer()
    yield server
    server.remove()


@pytest.fixture(params=["sqlite", "postgresql"])
def copy(request, config, tmp_path):
    if request.param == "sqlite":
        return SqliteCopy(config, tmp_path)
    return PostgresCopy(config, tmp_path, request.getfixturevalue("postgres"))


def test_what_a_backup_has_is_there_again(copy, make_app, make_shopper, redis):
    """Accounts, sessions and ended ones, tickets; of Redis, which is lost too, only the open codes are missed."""
    shopper = make_shopper(make_app(database_url=copy.url, sms_cooldown_seconds=0))
    shopper.register()
    ended = shopper.login()
    assert shopper.logout().status == 204
    kept = shopper.login()
    newcomer = shopper.another()
    ticket = newcomer.prove()
    sms_id = shopper.send_code("login")
    copy.back_up()
    since = shopper.on(shopper.client).login()
    assert shopper.logout(since["access_token"]).status == 204
    copy.lose_and_restore()
    redis.flushall()

    app = make_app(database_url=copy.url, sms_cooldown_seconds=0)
    restored = shopper.on(InProcessClient(app))
    assert restored.me(kept["access_token"]).json["username"] == shopper.username
    restored.refresh(kept["refresh_token"])
    restored.login()
    assert restored.me(ended["access_token"]).code == "session_revoked"
    assert restored.try_refresh(ended["refresh_token"]).code == "refresh_invalid"
    assert restored.try_login_by_code(sms_id, shopper.last_code()).code == "code_expired"
    restored.login_by_code()
    assert newcomer.on(restored.client).fill_in(ticket).status == 201

    rekeyed = restored.on(InProcessClient(make_app(database_url=copy.url, secret_keys=NEW_KEY)))
    assert rekeyed.me(since["access_token"]).status == rekeyed.try_refresh(since["refresh_token"]).status == 401
    rekeyed.login()
    _the_nodes_may_make_no_tables(copy)


def _the_nodes_may_make_no_tables(copy):
    if isinstance(copy, PostgresCopy):
        with create_engine(copy.url).connect() as connection:
            for refused in ("CREATE TABLE mine (id int)", "ALTER TABLE users ADD mine int", "DROP TABLE users"):
                with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
                    connection.execute(text(refused))
                connection.rollback()
        assert has_password(copy._server, "accounts")
