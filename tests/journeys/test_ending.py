"""What a server that is told to stop still does."""

from tests.parallel import in_parallel


def test_refusals_are_written_before_a_worker_ends(live, live_shopper):
    """The reply is out and the event is not yet written when the signal comes."""
    live_shopper.register()
    in_parallel(8, lambda _: live_shopper.try_login(password="wrong password"))
    live.restart()
    reply = live_shopper.client.get("/v1/me/events", token=live_shopper.access_token)
    assert [event["type"] for event in reply.json["events"]].count("login_failed") == 8
