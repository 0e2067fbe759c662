"""docs/operations: every metric is explained, and the dashboard and the alerts ask for no other; every alert says what to do."""

import json
import re

import promql_parser
import pytest
import yaml
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric

from api.config import ROOT
from api.metrics import ALERTING, Metrics
from api.metrics_states import SharedStates
from tests.docs.markdown import headings, read, rows, section

FOLDER = ROOT / "docs" / "operations"
ALERTS = [
    rule
    for group in yaml.safe_load((FOLDER / "alerts.yaml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
DASHBOARD = json.loads((FOLDER / "dashboard.json").read_text(encoding="utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
QUERIES = [target["expr"] for panel in PANELS for target in panel["targets"]]
NAME = re.compile(r"dongbao_\w+")


def families() -> list[Metric]:
    registry = CollectorRegistry()
    Metrics(registry)
    return [*registry.collect(), *SharedStates(None).describe()]


def shown_name(family: Metric) -> str:
    return f"{family.name}_total" if family.type == "counter" else family.name


NAMES = {shown_name(family): family.type for family in families()}
SERIES = NAMES.keys() | {
    f"{name}{end}" for name in NAMES if NAMES[name] == "histogram" for end in ("_bucket", "_count")
}


def test_every_metric_is_explained_and_no_other():
    table = {row[0].strip("`"): row for row in rows(read("docs/operations/metrics.md")) if NAME.search(row[0])}
    assert {name: row[1] for name, row in table.items()} == NAMES
    registry = CollectorRegistry()
    labels = {
        next(iter(each.describe())).name: set(each._labelnames)
        for each in vars(Metrics(registry)).values()
        if each is not registry
    }
    shared = {family.name: set(family._labelnames) for family in SharedStates(None).describe()}
    for name, row in table.items():
        assert set(re.findall(r"`(\w+)`", row[2])) == (labels | shared)[name.removesuffix("_total")], name


def test_no_label_is_one_that_prometheus_has_for_itself():
    """It would call ours exported_job, and no query would find it."""
    rows_of_metrics = [row for row in rows(read("docs/operations/metrics.md")) if NAME.search(row[0])]
    assert {label for row in rows_of_metrics for label in re.findall(r"`(\w+)`", row[2])} & {"job", "instance"} == set()


@pytest.mark.parametrize("query", [*QUERIES, *(rule["expr"] for rule in ALERTS)])
def test_a_query_can_be_read_and_asks_for_what_there_is(query):
    promql_parser.parse(query.replace("$__rate_interval", "5m").replace("$instance", ".*"))
    assert set(NAME.findall(query)) <= SERIES


def test_every_metric_is_on_the_dashboard():
    asked = set(NAME.findall(" ".join(QUERIES)))
    assert {name for name in NAMES if not asked & {name, f"{name}_bucket", f"{name}_count"}} == set()


def test_panels_have_places_of_their_own():
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in DASHBOARD["panels"]]
    assert len(set(places)) == len(places) == len({panel["id"] for panel in DASHBOARD["panels"]})
    assert all(panel["title"] and panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in PANELS)


def test_every_alert_says_what_to_do_and_no_other_does():
    page = read("docs/operations/alerts.md")
    named = [rule["alert"] for rule in ALERTS]
    assert [heading for level, heading in headings(page) if level == 2] == named
    for rule in ALERTS:
        assert len(section(page, f"{rule['alert']}\n\n").split()) > 15, rule["alert"]
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"]["summary"].endswith(".")


def test_what_alerts_wait_for_is_counted_from_the_start_at_zero():
    """What is not there yet does not grow when it comes: Prometheus would miss the first of them."""
    asked = re.findall(r'event=~?"([\w|]+)"', " ".join(rule["expr"] for rule in ALERTS))
    assert {event for events in asked for event in events.split("|")} == set(ALERTING)
    logged = read("docs/operations/README.md")
    assert [event for event in ALERTING if f"`{event}`" not in logged] == []
