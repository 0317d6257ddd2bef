"""An error's text, which may contain personal data, reaches no client and no log line."""

import asyncio
import gc
import json
import logging
import subprocess
import sys

import asyncpg
import httpx
import pytest

from api import logs
from db.rules.errors import ForbiddenError
from db.write_session import refusal_of
from tests.client import client
from tests.live import live
from tests.subscribing import peer

SECRET = "mật khẩu tr0ub4dor"
HELLO = "{ viewer { account { username } } }"
SUBMIT = """mutation { submitInitiative(input: { number: "X" }) { __typename } }"""
# Places in each layer where an error is raised.
FLOORS = [
    "api.operations.Operations._prepare",
    "api.operations.Operations._admit",
    "api.identities.Identities.of",
    "schema.compiler.plan.Compiler.operation",
    "schema.compiler.plan.Compiler.variables",
    "auth.external.verifiers.Verifiers.verify",
    "auth.principal.Principals.of",
    "db.pool.Link.value",
]
ERRORS = [
    RuntimeError(SECRET),
    asyncpg.UniqueViolationError(f"Key (name)=({SECRET}) already exists."),
    KeyError(SECRET),
    UnicodeEncodeError("ascii", SECRET, 0, 1, SECRET),
]


def lines(caplog):
    """Return the log lines, in both formats."""
    return "\n".join(
        form.format(record)
        for form in (logs.JsonLine(), logs.TextLine())
        for record in caplog.records
        if record.name not in {"httpx", "asyncio"} or record.levelno >= logging.WARNING
    )


def plant(monkeypatch, where, error):
    """Make a function of the application raise an error with a value in its text."""

    def broken(*_, **__):
        raise error

    monkeypatch.setattr(where, broken)


def check(answer, caplog, error):
    """Find the error in the log by its type, place and request id alone."""
    said = lines(caplog)
    assert SECRET not in answer.text
    assert json.dumps(SECRET)[1:-1] not in answer.text
    assert "tr0ub4dor" not in said
    assert type(error).__qualname__ in said
    assert "test_error_texts.py" in said
    assert answer.headers["x-request-id"] in said


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("where", FLOORS)
async def test_an_error_of_a_read_is_told_by_its_kind_and_place(
    demo, monkeypatch, caplog, where, error
):
    async with client(demo) as http:
        token = http.token("member")
        plant(monkeypatch, where, error)
        headers = {"Authorization": f"Bearer {token}"}
        answer = await http.http.post("/graphql", json={"query": HELLO}, headers=headers)
    assert answer.status_code == 500
    check(answer, caplog, error)


@pytest.mark.parametrize("where", ["schema.run.Mutations.run", "db.transactions.Writer._write"])
async def test_an_error_of_a_write_is_told_by_its_kind_and_place(demo, monkeypatch, caplog, where):
    async with client(demo) as http:
        plant(monkeypatch, where, ERRORS[0])
        answer = await http.post(SUBMIT, "member")
    assert answer.status_code == 500
    check(answer, caplog, ERRORS[0])


@pytest.mark.parametrize("how", ["batch", "get", "stream"])
async def test_an_error_by_another_transport_is_told_by_its_kind_and_place(
    demo, monkeypatch, caplog, how
):
    async with client(demo, batch_limit=5) as http:
        headers = {"Authorization": f"Bearer {http.token('member')}"}
        plant(monkeypatch, "db.sessions.Reader.fetch_json", ERRORS[0])
        if how == "batch":
            answer = await http.http.post("/graphql", json=[{"query": HELLO}] * 2, headers=headers)
        elif how == "get":
            answer = await http.http.get("/graphql", params={"query": HELLO}, headers=headers)
        else:
            headers |= {"Accept": "text/event-stream"}
            answer = await http.http.post("/graphql", json={"query": HELLO}, headers=headers)
    check(answer, caplog, ERRORS[0])


async def test_an_error_of_a_socket_is_told_by_its_kind_and_place(demo, monkeypatch, caplog):
    async with live(demo) as server, peer(server, "member") as one:
        plant(monkeypatch, "db.sessions.Reader.fetch_json", ERRORS[0])
        await one.subscribe("1", HELLO)
        said = json.dumps(await one.hear(), ensure_ascii=False)
    assert "tr0ub4dor" not in said + lines(caplog)
    assert "RuntimeError" in lines(caplog)


async def test_an_error_outside_of_our_handlers_is_logged_by_uvicorn_without_its_text(
    demo, monkeypatch, caplog
):
    async with live(demo) as server:
        plant(monkeypatch, "api.request_log._id", ERRORS[0])
        async with httpx.AsyncClient() as http:
            answer = await http.get(server.url)
    assert answer.status_code == 500
    assert "tr0ub4dor" not in answer.text
    said = lines(caplog)
    assert "uvicorn.error" in said
    assert "RuntimeError" in said
    assert "tr0ub4dor" not in said


async def test_a_task_that_nobody_awaited_is_logged_without_the_text_of_its_error(caplog):
    async def fail():
        raise RuntimeError(SECRET)

    failed = asyncio.create_task(fail())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    del failed
    gc.collect()
    said = lines(caplog)
    assert "Task exception was never retrieved" in said
    assert "in fail" in said
    assert "tr0ub4dor" not in said


def test_a_library_that_logs_an_error_or_a_traceback_tells_its_kind_and_places(caplog):
    log = logging.getLogger("some.library")
    try:
        raise asyncpg.UniqueViolationError(f"Key (name)=({SECRET}) already exists.\ntr0ub4dor")
    except asyncpg.PostgresError as error:
        log.warning("in vain: %s, %r", error, error)
        log.error(logging.Formatter().formatException(sys.exc_info()))  # noqa: TRY400 - as text
    said = lines(caplog)
    assert "in vain: asyncpg.exceptions.UniqueViolationError" in said
    assert f'File "{__file__}"'.replace('"', "") in said.replace('\\"', "").replace('"', "")
    assert "tr0ub4dor" not in said


def test_what_the_database_forbids_is_logged_without_the_text_of_its_error(caplog):
    refused = asyncpg.InsufficientPrivilegeError(f"whose account {SECRET} is, is not yours to say")
    assert isinstance(refusal_of(refused), ForbiddenError)
    said = lines(caplog)
    assert "asyncpg.exceptions.InsufficientPrivilegeError" in said
    assert "tr0ub4dor" not in said


def test_a_command_that_fails_unexpectedly_prints_no_text_of_the_error():
    script = (
        "import sys; from unittest import mock; from api import cli, settings;"
        f" error = RuntimeError({SECRET!r});"
        " mock.patch.object(settings, 'load', side_effect=error).start();"
        " sys.argv = ['sangkien', 'verify']; cli.main()"
    )
    run = [sys.executable, "-c", script]
    done = subprocess.run(run, check=False, capture_output=True, text=True)
    assert done.returncode == 70
    assert "RuntimeError" in done.stderr
    assert "api/settings.py" in done.stderr or "api/cli" in done.stderr
    assert "tr0ub4dor" not in done.stderr + done.stdout


@pytest.mark.parametrize(
    "script",
    [
        "import threading; t = threading.Thread(target=fail); t.start(); t.join()",
        "class Thing:\n    def __del__(self): fail()\nThing()",
    ],
)
def test_what_fails_where_nobody_catches_is_logged_without_its_text(script):
    setup = (
        "from api import logs\nlogs.configure('text', 'info')\nlogs.take_uncaught()\n"
        f"def fail():\n    raise RuntimeError({SECRET!r})\n"
    )
    run = [sys.executable, "-c", setup + script]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    assert "RuntimeError" in done.stderr
    assert "in fail" in done.stderr
    assert "tr0ub4dor" not in done.stderr
