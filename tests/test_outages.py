"""Every kind of database outage is UNAVAILABLE, and is logged at intervals."""

import asyncio
import logging
import ssl

import asyncpg
import psycopg
import pytest
from psycopg_pool import PoolClosed, PoolTimeout, TooManyRequests
from sqlalchemy.exc import OperationalError

from db.outages import LOG_EVERY, OutageLog, cause, is_outage
from db.sessions import TooSlowError, translated
from db.unavailable import CommitUnknownError, UnavailableError
from tests.client import client
from tests.test_cli import run

UNIT = '{ unit(code: "A") { name } }'
NOWHERE = "postgresql://sangkien_reader@127.0.0.1:9/none"
STATES = [
    *("08000", "08001", "08003", "08004", "08006", "08P01"),
    *("25006", "25P03", "25P04", "28000", "28P01", "3D000"),
    *("53000", "53100", "53200", "53300", "53400"),
    *("57000", "57P01", "57P02", "57P03", "57P04", "57P05"),
    *("58000", "58030", "40003"),
]
WITHOUT_STATE = [
    asyncpg.InternalClientError("cannot switch to state 12"),
    asyncpg.InterfaceError("connection is closed"),
    asyncpg.exceptions.ProtocolError("unexpected message"),
    asyncpg.exceptions.TargetServerAttributeNotMatched("none takes writes"),
    ConnectionResetError(),
    FileNotFoundError(2, "no socket"),
    ssl.SSLError("bad record"),
    TimeoutError(),
    asyncio.IncompleteReadError(b"", 4),
    psycopg.OperationalError("the connection is lost"),
    psycopg.InterfaceError("the connection is closed"),
    PoolTimeout(),
    PoolClosed(),
    TooManyRequests(),
    OperationalError("select", None, psycopg.OperationalError("refused")),
]


@pytest.mark.parametrize("state", STATES)
def test_a_state_in_which_nothing_can_be_served_is_an_outage_with_either_driver(state):
    fields = {"C": state, "M": "gone"}
    error = asyncpg.PostgresError.new(fields)
    assert is_outage(error)
    assert isinstance(translated(error), UnavailableError)
    assert is_outage(psycopg.errors.lookup(state)())


@pytest.mark.parametrize("error", WITHOUT_STATE, ids=lambda error: type(error).__name__)
def test_an_error_of_a_connection_is_an_outage(error):
    assert is_outage(error)
    assert isinstance(translated(error), UnavailableError)


@pytest.mark.parametrize("state", ["23505", "42501", "42P01", "22003", "57014", "SK001"])
def test_an_error_of_a_statement_is_none(state):
    assert not is_outage(asyncpg.PostgresError.new({"C": state, "M": "no"}))


def test_a_wrong_argument_is_a_fault_of_ours():
    assert not is_outage(asyncpg.exceptions._base.DataError("an integer is needed"))


def test_a_statement_that_took_too_long_is_no_outage():
    error = asyncpg.PostgresError.new({"C": "57014", "M": "canceling"})
    assert isinstance(translated(error), TooSlowError)


def test_an_outage_is_logged_once_and_then_counted(caplog, monkeypatch):
    now = 1_000.0
    monkeypatch.setattr("db.outages.time.monotonic", lambda: now)
    log = OutageLog()
    with caplog.at_level(logging.WARNING):
        for _ in range(430):
            log.note(ConnectionRefusedError("refused"), "a request was refused")
        assert len(caplog.messages) == 1
        now += LOG_EVERY
        log.note(ConnectionRefusedError("refused"), "a request was refused")
    assert "ConnectionRefusedError: refused" in caplog.messages[0]
    assert caplog.messages[1].endswith("(429 more since the last such line)")


def test_the_cause_of_an_outage_is_the_error_that_came_first():
    error = asyncpg.InterfaceError("connection has been released back to the pool")
    error.__context__ = asyncpg.PostgresError.new({"C": "57P01", "M": "terminating connection"})
    assert cause(error) == "AdminShutdownError 57P01: terminating connection"


def test_the_cause_of_a_time_limit_is_not_the_cancellation_that_it_works_by():
    error = TimeoutError()
    error.__context__ = asyncio.CancelledError()
    assert cause(error) == "TimeoutError"


async def test_every_endpoint_answers_that_the_database_is_down_and_when_to_try_again():
    async with client(NOWHERE, demo=True) as http:
        for answer in (
            await http.http.post("/graphql", json={"query": UNIT}),
            await http.http.get("/demo/accounts"),
            await http.http.get("/readyz"),
            await http.http.get("/oauth/jwks"),
            await http.http.post(
                "/oauth/token",
                data={"grant_type": "refresh_token", "refresh_token": "x", "client_id": "graphiql"},
            ),
            await http.http.get("/oauth/authorize?client_id=graphiql&response_type=code"),
        ):
            assert answer.status_code == 503, (answer.url, answer.text)
            assert answer.headers["retry-after"] == "2", answer.url
            assert "127.0.0.1" not in answer.text


async def test_a_commit_that_breaks_off_says_that_its_outcome_is_unknown(programme, monkeypatch):
    async def broken(connection):
        await connection.execute("commit")
        raise CommitUnknownError("the connection was lost")

    draft = """mutation($input: DraftInitiativeInput!) { draftInitiative(input: $input) {
        ... on InitiativePayload { initiative { number } } } }"""
    text = {
        "campaign": "1TRSK",
        "title": "Giá đỡ cáp",
        "summary": "Một",
        "content": "Hai",
        "solutionType": "TECHNICAL",
        "appliedOn": "2022-09-01",
        "idempotencyKey": "k1",
    }
    async with client(programme) as http:
        with monkeypatch.context() as patched:
            patched.setattr("db.transactions._commit", broken)
            answer = await http.post(draft, "member", variables={"input": text})
            (error,) = answer.json()["errors"]
            assert answer.status_code == 503
            assert error["extensions"].pop("requestId") == answer.headers["x-request-id"]
            assert error["extensions"] == {"code": "UNAVAILABLE", "outcome": "UNKNOWN"}
        once = await http.data(draft, "member", variables={"input": text})
        again = await http.data(draft, "member", variables={"input": text})
        assert once == again
        assert once["draftInitiative"]["initiative"]["number"]


@pytest.mark.parametrize(
    "words",
    [["migrate"], ["serve"], ["demo"], ["verify"], ["token", "member"]],
    ids=" ".join,
)
def test_a_command_that_finds_no_database_says_so_in_one_line(words):
    done = run(*words, SANGKIEN_DATABASE_URL=NOWHERE)
    assert done.returncode == 1
    assert done.stderr.startswith("sangkien: the database cannot be used: SANGKIEN_DATABASE_URL: ")
    assert done.stderr.count("\n") == 1
