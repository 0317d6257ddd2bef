"""Signing in at an external provider in a real browser, with JavaScript off and on."""

import json
from datetime import UTC, datetime

import psycopg
import pytest

from auth.external import codes
from tests.chromium import CHROMIUM, DRIVER
from tests.provider import Provider, provider
from tests.test_pages_browser import Served, address, browser, look, see  # noqa: F401 - a fixture

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="chromium or chromedriver is missing"
)


@pytest.fixture
def sso():
    """A provider that is not started yet: it needs our address."""
    with provider(started=False) as made:
        yield made


@pytest.fixture
def served(identity, sso):
    with Served(identity, oidc_issuers=json.dumps([sso.trust()])) as made:
        made.register()
        sso.back = f"{made.origin}/oauth/external/sso/callback"
        yield made


def sign_in_there(browser, login):  # noqa: F811 - the fixture's value
    see(browser, "Sign-in")
    browser.type("input[name=login]", login)
    browser.type("input[name=password]", "any")
    browser.click("button[type=submit]")
    see(browser, "Authorize")
    browser.click("button[type=submit]")


def stopped(browser):  # noqa: F811 - the fixture's value
    """Return the violations of our pages' content security policy."""
    said = [entry["message"] for entry in browser.log("browser")]
    return [text for text in said if "Security Policy" in text and "fonts.googleapis" not in text]


def test_from_an_application_over_the_other_issuer_and_back_with_a_code(
    served,
    sso: Provider,
    browser,  # noqa: F811 - the fixture
):
    sso.start()
    browser.open(served.authorize() + "&ui_locales=vi")
    look(browser, "sign-in-choices")
    browser.click(".choices a")
    sign_in_there(browser, "an@sso")
    see(browser, "Gắn với tài khoản của bạn")
    look(browser, "link")
    browser.type("#code", "aaaa-bbbb-cccc-dddd")
    browser.click("main button")
    see(browser, "Mã không đúng", "[role=alert]")
    look(browser, "link-wrong")
    with psycopg.connect(served.url) as connection:
        code = codes.give(connection, 1, datetime.now(UTC))
    browser.type("#code", code)
    browser.click("main button")
    see(browser, "Cho phép Sổ tay sáng kiến?")
    browser.click("button[value=allow]")
    see(browser, "ok", "body")
    assert address(browser).startswith(served.back + "?code=")
    assert stopped(browser) == []
    # The second time the provider asks no question. The consent page appears again, because any
    # program of this machine could listen at the application's address.
    browser.open(served.origin + "/oauth/account?ui_locales=en")
    browser.click("main form button")
    see(browser, "You are signed out")
    browser.open(served.authorize() + "&ui_locales=en&state=again")
    browser.click(".choices a")
    see(browser, "Allow Sổ tay sáng kiến")
    browser.click("button[value=allow]")
    see(browser, "ok", "body")
    assert "state=again" in address(browser)
    assert stopped(browser) == []


def test_while_the_other_issuer_is_down_the_page_says_so(
    served,
    browser,  # noqa: F811 - the fixture
):
    for language, told in (("vi", "Hiện không liên lạc được"), ("en", "cannot be reached")):
        browser.open(f"{served.origin}/oauth/sign-in?ui_locales={language}")
        browser.click(".choices a")
        see(browser, told, "[role=alert]")
        look(browser, f"down-{language}")
    browser.type("#username", "an")
    browser.type("#password", "correct horse")
    browser.click("main button")
    see(browser, "Signed in as an", "main")
    assert stopped(browser) == []
