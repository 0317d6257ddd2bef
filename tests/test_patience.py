"""The time limit of a mutation: half a minute, longer for those that rewrite much of the tree."""

import asyncio

import pytest

from db.sessions import Caller, TooSlowError
from db.transactions import SECONDS, UNHURRIED, Attempt, Writer
from db.url import WRITER, with_role
from schema.build import SCHEMA
from schema.compiler.commands import COMMAND

CALLER = Caller(1, None, None, {})
ATTEMPT = Attempt("test")


@pytest.fixture
async def writer(database):
    """Return a writer with one connection, so that its transactions use the same one."""
    opened = Writer(with_role(database, WRITER), size=1)
    yield opened
    await opened.close()


def test_only_what_rewrites_a_large_part_of_the_tree_has_ten_minutes():
    fields = SCHEMA._schema.mutation_type.fields
    seconds = {
        name: field.extensions["strawberry-definition"].metadata[COMMAND].seconds
        for name, field in fields.items()
    }
    assert set(seconds.values()) == {SECONDS, UNHURRIED}
    assert {name for name, given in seconds.items() if given == UNHURRIED} == {
        *("moveUnit", "mergeUnits", "updateCampaign", "updatePhase", "freezePhase")
    }


async def test_a_statement_has_as_long_as_its_mutation_and_the_next_no_longer(writer):
    async def limit(session):
        return await session.value("show statement_timeout")

    given = [await writer.run(CALLER, ATTEMPT, limit, seconds) for seconds in (600, 30)]
    assert [*given, await writer.run(CALLER, ATTEMPT, limit)] == ["10min", "30s", "30s"]


async def test_the_server_ends_a_statement_that_takes_longer(writer):
    async def sleep(session):
        await session.execute("select pg_sleep(60)")

    async with asyncio.timeout(20):
        with pytest.raises(TooSlowError):
            await writer.run(CALLER, ATTEMPT, sleep, 1)
