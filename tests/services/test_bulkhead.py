"""Room for only so many at once."""

import pytest

from tests.clients import InProcessClient

pytestmark = pytest.mark.one_database


def test_without_redis_only_so_many_read_the_database_at_once(make_app, shopper):
    """R52: the next is asked to come again, and let in when there is room; none is let in unchecked."""
    shopper.register()
    nowhere = "unix:///nonexistent/redis.sock"
    app = make_app(redis_url=nowhere, ratelimit_storage_uri=nowhere, threads=2)
    without = shopper.on(InProcessClient(app))
    with app.extensions["dongbao"].sessions._uncached.place():
        reply = without.me()
    assert (reply.status, reply.code, reply.json["retry_after"]) == (503, "service_unavailable", 1)
    assert without.me().status == 200
