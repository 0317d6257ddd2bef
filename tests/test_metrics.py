"""Metrics: their values, labels that no caller can multiply, and the dashboard's queries."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from api import figures, metrics
from api.operation_log import MOST_EACH, MOST_NAMES, OTHER, UNNAMED, Names
from tests.client import client

DASHBOARD = json.loads(
    (Path(__file__).parent.parent / "docs" / "grafana-dashboard.json").read_text("utf-8")
)
PANELS = DASHBOARD["panels"]


def samples(text=None):
    """Return every sample of an exposition, by name and labels."""
    text = text or metrics.exposition().decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(name, **labels):
    return samples().get((name, tuple(sorted(labels.items()))), 0)


def state(http):
    return http.http._transport.app.state


async def scrape(http):
    answer = await http.http.get("/metrics")
    assert answer.status_code == 200
    return samples(answer.text)


async def test_an_operation_is_counted_by_name_kind_and_outcome(demo):
    labels = {"operation": "CountedByName", "kind": "query"}
    async with client(demo, demo=True) as http:
        for _ in range(2):
            await http.data("query CountedByName { campaigns { nodes { code } } }", "auditor")
        await http.post("query Wrong { nothing }", "auditor")
    assert value("sangkien_operations_total", **labels, outcome="OK") == 2
    assert value("sangkien_operation_seconds_count", **labels) == 2
    refused = {"operation": OTHER, "kind": "unknown", "outcome": "GRAPHQL_VALIDATION_FAILED"}
    if value("sangkien_operations_total", **refused) == 0:
        refused["operation"] = UNNAMED
    assert value("sangkien_operations_total", **refused) >= 1


async def test_anonymous_callers_add_no_names(demo):
    before = {key for key in samples() if "operation" in dict(key[1])}
    async with client(demo, demo=True) as http:
        for number in range(30):
            await http.data(f"query Made{number} {{ __typename }}")
    after = {key for key in samples() if "operation" in dict(key[1])}
    assert not [key for key in after - before if "Made" in str(key)]
    assert value("sangkien_operations_total", operation=OTHER, kind="query", outcome="OK") >= 30


def test_accounts_choose_few_names_each_and_in_all():
    names = Names(["Known"])
    assert names.label("Known", None) == "Known"
    assert names.label(None, 1) == UNNAMED
    assert names.label("x" * 65, 1) == OTHER
    found = {
        names.label(f"N{account}_{number}", account)
        for account in range(1, 20)
        for number in range(100)
    }
    assert len(found - {OTHER}) == MOST_NAMES
    assert len({one for one in found if one.startswith("N1_")}) == MOST_EACH
    assert names.label("N1_0", None) == "N1_0"


async def test_pools_and_caches_are_there_for_a_scrape(demo):
    async with client(demo, demo=True, pool_size=8) as http:
        for _ in range(3):
            await http.data("query Cached { campaigns { nodes { code } } }", "auditor")
        found = await scrape(http)
    pools = {dict(labels)["pool"] for name, labels in found if name == "sangkien_pool_size"}
    assert pools == {"reader", "anonymous", "look-ups", "writer", "sign-in"}
    assert found["sangkien_pool_size", (("pool", "reader"),)] == 8
    assert found["sangkien_pool_in_use", (("pool", "reader"),)] == 0
    assert found["sangkien_cache_entries", (("cache", "plans"),)] >= 1
    assert found["sangkien_cache_hits_total", (("cache", "prepared requests"),)] >= 2


async def test_a_wait_for_a_connection_is_counted(demo):
    async with client(demo, demo=True) as http:
        pool = state(http).reader._lookups
        async with pool.link(1), pool.link(1):
            assert pool.usage()[:3] == (2, 2, 0)
            with pytest.raises(Exception, match="in time"):
                async with pool.link(0.05):
                    pass
    assert pool.usage().waits == 1
    assert pool.usage().seconds_waited >= 0.04


async def test_the_queue_the_log_and_imports_come_from_the_database(programme):
    with psycopg.connect(programme) as owner:
        expected = dict(
            owner.execute(
                "select u.level::text, count(*) from initiative i join unit u on u.id = awaits_id"
                " group by 1"
            ).fetchall()
        )
        (events,) = owner.execute("select count(*) from audit_event").fetchone()
    assert expected
    async with client(programme, demo=True) as http:
        found = await scrape(http)
    for level in ("GRASSROOTS", "UPPER", "FEDERATION", "CONFEDERATION"):
        assert found["sangkien_queue_length", (("level", level),)] == expected.get(level, 0)
    assert found["sangkien_audit_events", ()] == events
    assert found["sangkien_imports", (("outcome", "done"),)] == 0
    assert found["sangkien_database_start_time_seconds", ()] > 1e9


async def test_the_database_is_asked_once_for_many_scrapes(programme):
    async with client(programme, demo=True) as http:
        first = await scrape(http)
        with psycopg.connect(programme) as owner:
            owner.execute("update unit set name = name || '.' where code = 'TTTT'")
        again = await scrape(http)
        assert again["sangkien_audit_events", ()] == first["sangkien_audit_events", ()]
        state(http).figures._asked_at -= figures.FRESH
        later = await scrape(http)
    assert later["sangkien_audit_events", ()] > first["sangkien_audit_events", ()]


async def test_without_a_database_the_other_metrics_are_served(demo):
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    async with client(demo, demo=True, reader_url=nowhere) as http:
        before = value("sangkien_outage_errors_total")
        found = await scrape(http)
    assert ("sangkien_pool_size", (("pool", "reader"),)) in found
    assert value("sangkien_outage_errors_total") > before


def test_figures_of_several_processes_are_summed(tmp_path):
    script = (
        "from api import metrics, figures;"
        " metrics.observe_operation('A', 'query', 'OK', 0.1);"
        " figures._IN_USE.labels('reader').set(3);"
        " figures._OF_DATABASE['audit'].set(7)"
    )
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for more in ("", "", "; print(metrics.exposition().decode())"):
        run = [sys.executable, "-c", script + more]
        done = subprocess.run(run, env=environment, check=True, capture_output=True, text=True)
    found = samples(done.stdout)
    labels = (("kind", "query"), ("operation", "A"), ("outcome", "OK"))
    assert found["sangkien_operations_total", labels] == 3
    assert found["sangkien_audit_events", ()] == 7


def known_names():
    text = metrics.exposition().decode()
    families = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
    histograms = {name for name, kind in families.items() if kind == "histogram"}
    return set(families) | {f"{name}_bucket" for name in histograms}


@pytest.mark.parametrize("panel", PANELS, ids=[panel["title"] for panel in PANELS])
def test_a_panel_says_what_it_is_and_asks_for_metrics_that_exist(panel):
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["targets"]
    for target in panel["targets"]:
        asked = set(re.findall(r"\bsangkien_\w+", target["expr"]))
        assert asked
        assert asked <= known_names()


def test_every_metric_of_ours_is_on_the_dashboard():
    asked = set(re.findall(r"\bsangkien_\w+", json.dumps(PANELS)))
    asked = {name.removesuffix("_bucket") for name in asked}
    ours = {name for name in known_names() if name.startswith("sangkien_")}
    ours = {name for name in ours if not name.endswith(("_bucket", "_created"))}
    assert ours - asked == set()
