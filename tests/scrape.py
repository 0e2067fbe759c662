"""What ``/metrics`` says, by name and labels."""

from collections.abc import Callable
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from tests.clients import Client

TOKEN = "the-scraper-s-token-of-the-tests"


class Scrape:
    """One look at all metrics of ``client``'s server."""

    def __init__(self, client: Client, **options: Any):
        reply = client.get("/metrics", **options)
        assert reply.status == 200, reply.body
        self.text = reply.body.decode()
        self.samples = [sample for family in text_string_to_metric_families(self.text) for sample in family.samples]

    def value(self, name: str, /, **labels: str) -> float:
        """The sum of the samples that have these labels, among others; 0 where there is none."""
        return sum(
            sample.value
            for sample in self.samples
            if sample.name == f"dongbao_{name}" and labels.items() <= sample.labels.items()
        )

    def labels(self) -> set[tuple[str, str]]:
        """Each label with each of its values."""
        return {label for sample in self.samples for label in sample.labels.items()}


def growth(client: Client, act: Callable[[], object]) -> Callable[..., float]:
    """How much a sample grew by ``act``: ``grew("sms_verified_total")``. Apps in one process share their metrics."""
    before = Scrape(client)
    act()
    after = Scrape(client)
    return lambda name, /, **labels: after.value(name, **labels) - before.value(name, **labels)
