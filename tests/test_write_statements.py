"""The number of statements of a mutation, with its transaction and its payload."""

import asyncio

import pytest

from db import transactions
from db.pool import Link
from tests.client import client
from tests.test_initiatives import TEXT

BEGUN = ["begin", "select"]  # the binding, and the audit context
READ_BACK = ["commit", "select"]  # the payload, in a transaction of its own
DRAFT = "mutation($input: DraftInitiativeInput!) { done: draftInitiative(input: $input) { %s } }"
SUBMIT = "mutation($input: SubmitInitiativeInput!) { done: submitInitiative(input: $input) { %s } }"
WITHDRAW = """
    mutation($input: WithdrawInitiativeInput!) { done: withdrawInitiative(input: $input) { %s } }"""
REVIEW = "mutation($input: ReviewInitiativeInput!) { done: reviewInitiative(input: $input) { %s } }"
ASKED = "... on InitiativePayload { initiative { number state } } ... on Error { code }"


@pytest.fixture
def statements(monkeypatch):
    """Return the statements of the writer's connections since the last call, by first word."""
    run: list[str] = []
    prepare = transactions._take_json

    def note(record):
        # A connection queries each unknown type once, without JIT.
        if not any(word in record.query for word in ("typeinfo_tree", "'jit'")):
            run.append(record.query.split()[0].lower())

    async def listened_to(connection):
        await prepare(connection)
        connection.add_query_logger(note)

    value = Link.value

    async def read(self, sql, values):
        # With call_soon, as asyncpg's query logger does, which does not report prepared statements.
        asyncio.get_running_loop().call_soon(run.append, sql.split()[0].lower())
        return await value(self, sql, values)

    monkeypatch.setattr(transactions, "_take_json", listened_to)
    monkeypatch.setattr(Link, "value", read)
    return run


async def test_statements_of_an_initiative_on_its_way(programme, statements):
    async with client(programme) as http:

        async def run(query, who, **input_):
            statements.clear()
            data = await http.data(query % ASKED, who, variables={"input": input_})
            return data["done"]["initiative"], [one for one in statements if one != "notify"]

        async def go():
            drafted, drafting = await run(DRAFT, "member", **TEXT)
            number = drafted["number"]
            _, submitting = await run(SUBMIT, "member", number=number)
            _, withdrawing = await run(WITHDRAW, "member", number=number)
            kept, keeping = await run(DRAFT, "member", **TEXT, idempotencyKey=number)
            await run(SUBMIT, "member", number=kept["number"])
            reviewed, reviewing = await run(
                REVIEW, "unit-officer", number=kept["number"], decision="APPROVE"
            )
            assert reviewed["state"] == "RECOGNISED"
            return drafting, submitting, withdrawing, reviewing, keeping

        drafting, submitting, withdrawing, reviewing, keeping = await go()
    of_draft = [*["select"] * 4, "insert", "insert"]
    assert drafting == [*BEGUN, *of_draft, *READ_BACK]
    assert submitting == [*BEGUN, "select", "update", *READ_BACK]
    assert withdrawing == [*BEGUN, "select", "update", *READ_BACK]
    assert reviewing == [*BEGUN, "select", "select", "update", "insert", *READ_BACK]
    assert keeping == [*BEGUN, "delete", "insert", *of_draft, "update", *READ_BACK]
