"""The GraphiQL page of a real server shows totals as they change.

Needs the built page, Chromium and its driver; where one is missing the test skips.
"""

import asyncio

import pytest

from api import graphiql_page
from tests.chromium import CHROMIUM, DRIVER, drive
from tests.live import live
from tests.subscribing import change

pytestmark = [
    pytest.mark.skipif(
        not (graphiql_page.BUILT / ".built").exists(), reason="the page is not built: make graphiql"
    ),
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="chromium or chromedriver is missing"),
]
DOCUMENT = """subscription Live {
  progress(unit: "TTTT", campaign: "1TRSK", phase: 2) { submitted }
}"""
READY = """return document.querySelector("#account option[value=tttt-admin]") !== null
    && document.querySelector(".graphiql-execute-button") !== null
    && window.__MONACO?.editor.getModels().length >= 4;"""
WRITE = """__MONACO.editor.getModels().find((model) => model.uri.path.endsWith("operation.graphql"))
    .setValue(arguments[0]);"""
SHOWN = """const shown = document.querySelector(".graphiql-response .view-lines").innerText;
    const count = Number(shown.match(/"submitted":\\s*(\\d+)/)?.[1] ?? 0);
    return count > arguments[0] && count;"""


async def test_a_subscription_in_the_page_follows_the_totals(programme, tmp_path):
    async with live(programme, demo=True) as server:
        server.token("member")  # creates a key, without which the page offers no account
        driving = drive(tmp_path)
        browser = await asyncio.to_thread(driving.__enter__)
        try:
            await asyncio.to_thread(browser.open, server.url)
            await asyncio.to_thread(browser.wait, READY)
            await asyncio.to_thread(browser.click, "#account option[value=tttt-admin]")
            await asyncio.to_thread(browser.run, WRITE, DOCUMENT)
            named = "return document.querySelector('[role=tab]').innerText.includes('Live')"
            await asyncio.to_thread(browser.wait, named)
            await asyncio.to_thread(browser.click, ".graphiql-execute-button")
            first = await asyncio.to_thread(browser.wait, SHOWN, 0)
            await change(server)
            assert await asyncio.to_thread(browser.wait, SHOWN, first) == first + 1
        finally:
            await asyncio.to_thread(driving.__exit__, None, None, None)
