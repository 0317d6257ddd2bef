"""Templates are compiled before the first request, and few at a time after it."""

from itertools import product

import pytest

from db.cache import Cache
from db.unavailable import BusyError
from schema.build import SCHEMA
from schema.compiler import templates, warming
from schema.compiler.limits import ANONYMOUS
from schema.compiler.plan import Compiler
from tests.hostile import documents

ORDERS = product(("CREATED", "NUMBER", "SUBMITTED_AT", "APPLIED_ON"), ("ASC", "DESC"))
ODD = " ".join(
    f'a{n}: initiatives(last: 1, filter: {{under: "x"}}, orderBy: {{field: {field}, '
    f"direction: {way}}}){{nodes{{id}} pageInfo{{hasPreviousPage}}}}"
    for n, (field, way) in enumerate(ORDERS)
)


@pytest.fixture
def made(monkeypatch):
    """Return all templates, none of which exists yet."""
    cache = Cache(20_000)
    monkeypatch.setattr(templates, "_TEMPLATES", cache)
    return cache


def plan(compiler, text):
    operation = compiler.operation(text, None, limits=ANONYMOUS)
    return compiler.plan(operation, compiler.variables(operation, {}))


def test_an_anonymous_operation_has_few_made_at_a_time_and_gets_there(made):
    compiler = Compiler(SCHEMA._schema)
    for _ in range(10):
        before = len(made)
        try:
            planned = plan(compiler, f"{{{ODD}}}")
        except BusyError:
            assert len(made) == before + ANONYMOUS.templates
        else:
            break
    assert "a7" in planned.sql
    assert len(made) > ANONYMOUS.templates


UNIT = """{ unit(code: "x") { code name parent { code } children(first: 5) { nodes { code } }
    initiatives { totalCount nodes { number authors { share person { code } } } } } }"""
LIST = """{ initiatives(first: 50, after: "x", filter: {state: [SUBMITTED], text: "abc"},
    orderBy: {field: BENEFIT, direction: DESC}) { totalCount nodes { number
    possibleDuplicates(first: 5) { similarity } } pageInfo { hasNextPage endCursor } } }"""
RANKING = """{ campaign(code: "x") { phases { status
    ranking(by: BENEFIT) { nodes { rank unit { code } } } } } }"""
USUAL = (UNIT, LIST, RANKING, *(documents(0)[n] for n in ("selections: totals", "values: ids")))


def test_what_screens_ask_for_is_there_at_the_start(made):
    warming.warm.__wrapped__(SCHEMA._schema)
    compiler = Compiler(SCHEMA._schema)
    before = set(made._entries)
    for text in USUAL:
        plan(compiler, text)
    assert set(made._entries) == before
