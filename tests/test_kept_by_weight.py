"""Caches of callers' documents are bounded by weight in bytes."""

import gc
import random
from pathlib import Path

import pytest

from api.graphql import _OF_PREPARED
from db.cache import Cache, weight_of
from db.sessions import _BOUND, _OF_BOUND
from schema.compiler import plan
from schema.compiler.templates import _TEMPLATES
from tests.client import client
from tests.hostile import KINDS

DOCUMENTS = 600  # 10,000 by hand take no more memory; docs/adr/0016 has its figure
GROWTH = 100  # MB that they may take above an idle worker


def resident() -> float:
    """Return the memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * 4_096 / 1e6


def test_the_heaviest_that_was_not_used_goes_first():
    cache: Cache[str] = Cache(10, weigh=lambda _, text: len(text), most=100)
    for name in "abc":
        cache.put(name, "x" * 40)
    assert (cache.get("a"), cache.weight, len(cache)) == (None, 80, 2)
    cache.put("b", "x" * 90)
    assert (cache.get("c"), cache.weight, len(cache)) == (None, 90, 1)
    cache.put("d", "x" * 101)
    assert (cache.get("d"), cache.weight) == (None, 90)
    cache.drop("b")
    assert (len(cache), cache.weight) == (0, 0)


@pytest.mark.parametrize("value", [b"x" * 5_000, ["x" * 5_000], {"a": [("x" * 5_000,)]}])
def test_a_value_weighs_what_it_holds(value):
    assert 5_000 < weight_of(value) < 6_000


async def test_documents_of_anonymous_callers_take_a_bounded_memory(demo):
    chance = random.Random(1)
    async with client(demo, introspection="all", rate=0) as api:
        await api.data("{ initiatives { nodes { number } } }")
        gc.collect()
        before, sent, n = resident(), 0, 0
        while sent < DOCUMENTS:
            n += 1
            kind = KINDS[n % len(KINDS)](n)
            kind["long"] = f'{{unit(code: "{n}{"x" * chance.randint(1, 19_000)}"){{code}}}}'
            name = chance.choice(list(kind))
            response = await api.post(kind[name])
            assert response.status_code in {200, 400, 406}, response.text
            sent += 1
        gc.collect()
        assert resident() - before < GROWTH
    assert _BOUND.weight <= _OF_BOUND
    assert _TEMPLATES.weight < 8_000_000


async def test_each_cache_has_a_weight(demo):
    async with client(demo, introspection="all", rate=0) as api:
        for n in range(60):
            await api.post(f'{{unit(code: "{n}{"x" * 18_000}"){{code}}}}')
        endpoint = next(r.app for r in api.http._transport.app.routes if r.path == "/graphql")
        compiler = endpoint._operations._compiler
    assert 0 < compiler._operations.weight <= plan._OF_DOCUMENTS
    assert 0 < compiler._plans.weight <= plan._OF_PLANS
    assert endpoint._prepared.weight <= _OF_PREPARED
