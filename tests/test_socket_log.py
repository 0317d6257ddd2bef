"""Log lines of WebSockets, and the format of lines of libraries."""

import asyncio
import json
import logging
import subprocess
import sys

import pytest

from api import logs
from db.traces import trace
from tests.live import live
from tests.subscribing import peer


async def settled(caplog, count):
    for _ in range(100):
        found = [r for r in caplog.records if r.name == "sangkien.access"]
        if len(found) >= count:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(caplog.text)


async def test_each_operation_of_a_socket_has_an_id_and_a_line(demo, caplog):
    caplog.set_level(logging.INFO, "sangkien.access")
    async with live(demo, access_log=True) as server, peer(server, "auditor") as one:
        await one.subscribe("1", "query OnSocket { viewer { account { id } } }")
        assert (await one.hear())["type"] == "next"
        assert (await one.hear())["type"] == "complete"
        await one.subscribe("2", "query Wrong { nothing }")
        message = await one.hear()
        first, second = (await settled(caplog, 2))[:2]
    (error,) = message["payload"]
    assert first.facts["kind"] == "query"
    assert second.facts["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert first.facts["connection"] == second.facts["connection"]
    assert error["extensions"]["requestId"] != second.facts["connection"]
    last = (await settled(caplog, 3))[2]
    assert last.getMessage() == "WebSocket"
    assert last.facts["route"] == "/graphql"


def test_text_is_one_readable_line_and_an_error_is_its_places_alone():
    form = logs.TextLine()
    try:
        int("SECRET")
    except ValueError as error:
        record = logging.LogRecord("x", 40, "", 0, "it %s\x1b[31m", ("broke",), sys.exc_info())
        places = trace(error)
    head, *more = form.format(record).splitlines()
    assert head.endswith("ERROR x: it broke?[31m")
    assert [line.strip() for line in more] == [line.strip() for line in places.splitlines()]
    assert "SECRET" not in form.format(record)


@pytest.mark.parametrize("form", ["text", "json"])
def test_uvicorn_and_libraries_log_by_the_same_form(form):
    script = (
        "import logging, uvicorn; from api import logs; from api.workers import Config;"
        f" logs.configure({form!r}, 'debug');"
        " Config('x:y', log_config=None, log_level='warning', access_log=False);"
        " logging.getLogger('uvicorn.error').warning('by uvicorn');"
        " logging.getLogger('uvicorn.error').info('hidden');"
        " logging.getLogger('httpx').info('hidden');"
        " logging.getLogger('sangkien.x').debug('by us')"
    )
    run = [sys.executable, "-c", script]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    lines = done.stderr.splitlines()
    assert len(lines) == 2
    if form == "json":
        assert [json.loads(line)["message"] for line in lines] == ["by uvicorn", "by us"]
    else:
        assert lines[0].endswith("WARNING uvicorn.error: by uvicorn")
