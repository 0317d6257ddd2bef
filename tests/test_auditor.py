"""An auditor only reads: rejected by the field, by the command and by the database."""

import asyncio
import hashlib
from itertools import count
from typing import Any

import psycopg
import pytest
from graphql.utilities import coerce_input_value

from auth.principal import Principals
from db.rules.errors import DomainError
from db.sessions import Reader
from db.transactions import Attempt, Writer
from db.url import READER, WRITER, with_role
from schema.build import SCHEMA
from schema.compiler.commands import COMMAND
from schema.inputs import arguments
from schema.run import _input
from tests.model import cells
from tests.model.cells import CELLS
from tests.model.played import NEEDED, RENAMED, Played, camel, shaped

FIELDS = SCHEMA._schema.mutation_type.fields
# The second is also an administrator of the whole tree, the third a member with initiatives.
AUDITORS = ("auditor-r", "auditor-admin", "member-ga1")
OWN = ("draft_initiative", "edit_initiative", "submit_initiative", "withdraw_initiative")
_numbers = count()


@pytest.fixture
def played(server, template):
    nation = Played(server, template, f"audited_{next(_numbers)}", cells.TODAY)
    for who in AUDITORS[1:]:
        cells.grant(nation, who, "AUDITOR", "R")
    yield nation
    nation.close()


def inputs_for(played: Played, who: str) -> dict[str, cells.Given]:
    """Return an input for every mutation, about a member's own initiatives where possible."""
    given = {name: prepare(played, "FA") for name, prepare in CELLS.items()}
    if who == "member-ga1":
        given |= {name: CELLS[name](played, "GA1", "P1") for name in OWN}  # type: ignore[call-arg]
    return given


def held(url: str) -> dict[str, str]:
    """Return a hash of every table's rows except the audit log's, and the signing keys."""
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "select tablename from pg_tables where schemaname = 'public'"
            " and tablename not like 'audit_%' and tablename <> 'signing_key'"
        ).fetchall()
        return {
            table: hashlib.sha256(
                repr(connection.execute(f"select t::text from {table} t order by 1").fetchall())
                .encode()
            ).hexdigest()
            for (table,) in tables
        }  # fmt: skip


@pytest.mark.parametrize("who", AUDITORS)
def test_every_mutation_of_the_schema_is_refused_at_its_field(played, who):
    assert {camel(name) for name in CELLS} == set(FIELDS)
    inputs = inputs_for(played, who)
    before = held(played.url)
    answers = {name: played.do(who, name, given) for name, given in inputs.items()}
    assert set(answers.values()) == {("Forbidden", "AUDITOR")}
    assert held(played.url) == before


@pytest.mark.parametrize("who", AUDITORS)
def test_every_command_is_refused_an_auditors_session(played, who):
    """Behind the guard of the field, no scope allows the command or the database to do it."""
    inputs = inputs_for(played, who)
    before = held(played.url)
    allowed = asyncio.run(carried_out(played.url, who, inputs))
    assert allowed == []
    assert held(played.url) == before


async def carried_out(url: str, who: str, inputs: dict[str, cells.Given]) -> list[str]:
    """Run every command without the guards of fields; return those not rejected."""
    reader, writer = Reader(with_role(url, READER), size=1), Writer(with_role(url, WRITER), size=1)
    caller = (await Principals(reader, cells.TODAY).of(who)).caller
    done = []
    for name, given in inputs.items():
        command, fields = called(name, given)
        try:
            await writer.run(caller, Attempt("test"), lambda s, c=command, f=fields: c(s, **f))
        except DomainError as error:
            # Of several decisions the first rejected one rejects them all.
            if error.code == "FORBIDDEN":
                continue
        done.append(name)
    await writer.close()
    await reader.close()
    return done


def called(name: str, given: cells.Given) -> tuple[Any, dict[str, Any]]:
    """Return the command of a mutation and its arguments."""
    field = FIELDS[camel(name)]
    said = NEEDED.get(name, {}) | shaped(given, RENAMED.get(name, {}))
    coerced = coerce_input_value(said, field.args["input"].type)
    declared = field.extensions["strawberry-definition"]
    return declared.metadata[COMMAND].command, arguments(_input(declared, coerced))
