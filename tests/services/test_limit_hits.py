"""Windows that are counted in the database."""

from datetime import timedelta

import pytest

from models.database import connect_database
from services.limit_hits import LimitHits, Window
from tests.parallel import in_parallel

MINUTE, HOUR = Window("login:3/60:whom", 3, 60), Window("login:5/3600:whom", 5, 3600)


@pytest.fixture
def make_hits(database_url, clock):
    """Each as a process of its own would have it."""
    databases = []

    def make():
        databases.append(connect_database(database_url, 16, 5))
        return LimitHits(databases[-1], clock)

    yield make
    for database in databases:
        database.engine.dispose()


@pytest.mark.mysql
def test_of_many_at_once_in_two_processes_the_limit_is_let_through(make_hits):
    """R52: exactly so many; the window is made by one of them."""
    both = make_hits(), make_hits()
    waits = in_parallel(30, lambda i: both[i % 2].hit([MINUTE, HOUR]))
    assert waits.count(None) == 3
    assert {wait for wait in waits if wait is not None} == {60.0}


@pytest.mark.mysql
def test_who_made_the_window_a_moment_later_takes_no_hit_away(make_hits, clock):
    """R52: of two that come together, the one whose clock is behind may count first."""
    hits, other = make_hits(), make_hits()
    other._make_rows([MINUTE], clock() + timedelta(seconds=1))
    assert [hits.hit([MINUTE]) for _ in range(3)] == [None] * 3
    clock.advance(seconds=1)
    assert other.hit([MINUTE]) == 59.0


@pytest.mark.mysql
def test_each_window_holds_and_begins_anew_when_it_is_over(make_hits, clock):
    hits, other = make_hits(), make_hits()
    assert [hits.hit([MINUTE, HOUR]) for _ in range(4)] == [None, None, None, 60.0]
    clock.advance(seconds=59)
    assert (hits.hit([MINUTE, HOUR]), other.hit([MINUTE, HOUR])) == (1.0, 1.0)
    clock.advance(seconds=1)
    assert [other.hit([MINUTE, HOUR]) for _ in range(3)] == [None, None, 3540.0]
    assert hits.hit([Window("login:3/60:another", 3, 60)]) is None


@pytest.mark.mysql
def test_what_is_cleared_begins_anew(make_hits):
    hits = make_hits()
    assert [hits.hit([MINUTE]) for _ in range(4)][-1] == 60.0
    hits.clear([MINUTE.name, HOUR.name])
    assert hits.hit([MINUTE]) is None


@pytest.mark.mysql
def test_windows_that_are_long_over_are_deleted(make_hits, clock):
    hits = make_hits()
    hits.hit([MINUTE, HOUR])
    clock.advance(seconds=3600 + 59)
    assert hits.purge() == 0
    clock.advance(seconds=1)
    assert hits.purge() == 1
    assert [hits.hit([MINUTE]) for _ in range(4)] == [None, None, None, 60.0]


def test_a_window_known_to_be_full_costs_no_query(make_hits):
    hits = make_hits()
    for _ in range(4):
        hits.hit([MINUTE])
    hits._database = None
    assert hits.hit([MINUTE]) == 60.0
