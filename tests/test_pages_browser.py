"""The pages in a real browser, with JavaScript off and on."""

import base64
import os
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import psycopg
import pytest
import uvicorn

from api.app import create_app
from api.settings import Settings
from auth.issuer import clients, invitations, totp
from auth.issuer.clients import CODE, Client
from tests.chromium import CHROMIUM, DRIVER, Browser, drive
from tests.visitor import PASSWORD, Clock

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="chromium or chromedriver is missing"
)
SHOTS = os.environ.get("SANGKIEN_TEST_SCREENSHOTS")


class Served:
    """The application on a port of this machine."""

    def __init__(self, url: str, **changes: Any) -> None:
        self.url = url
        self.socket = socket.create_server(("127.0.0.1", 0))
        port = self.socket.getsockname()[1]
        self.origin = f"http://localhost:{port}"
        # Another origin for the browser: an application that waits for its code.
        self.back = f"http://127.0.0.1:{port}/healthz"
        self.clock = Clock()
        given = {"issuer": self.origin, "totp_required": True, **changes}
        settings = Settings(database_url=url, **given)
        config = uvicorn.Config(
            create_app(settings, self.clock), log_level="warning", ws="websockets-sansio"
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, args=([self.socket],))

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.should_exit = True
        self.thread.join()
        self.socket.close()

    def register(self) -> None:
        """Register the application that waits for its code."""
        client = Client(
            "app",
            "Sổ tay sáng kiến",
            None,
            [self.back],
            [],
            [CODE],
            "openid profile",
            None,
            trusted=False,
            may_introspect=False,
        )
        with psycopg.connect(self.url) as connection:
            clients.register(connection, client)

    def authorize(self) -> str:
        return (
            f"{self.origin}/oauth/authorize?response_type=code&client_id=app&scope=openid+profile"
            f"&redirect_uri={self.back}&code_challenge_method=S256&code_challenge={'c' * 43}"
        )


@pytest.fixture
def served(identity) -> Iterator[Served]:
    with Served(identity) as made:
        made.register()
        yield made


@pytest.fixture(params=[True, False], ids=["script", "no-script"])
def browser(request, tmp_path: Path) -> Iterator[Browser]:
    with drive(tmp_path / "profile") as running:
        if not request.param:
            command(running, "Emulation.setScriptExecutionDisabled", value=True)
        yield running


def command(browser: Browser, name: str, **parameters: Any) -> Any:
    path = f"{browser.session}/goog/cdp/execute"
    return browser.call(path, cmd=name, params=parameters)


def see(browser: Browser, expected: str, selector: str = "h1") -> None:
    """Wait until a text is visible; the driver reads it, without a script of the page."""
    found, until = "", time.monotonic() + 20
    while expected not in found:
        assert time.monotonic() < until, f"{found!r} and never {expected!r}"
        try:
            found = str(browser.http.get(f"{browser.element(selector)}/text").json()["value"])
        except AssertionError as gone:  # the browser is just replacing the page
            found = str(gone)


def address(browser: Browser) -> str:
    answer = browser.http.get(f"{browser.session}/url").json()["value"]
    assert isinstance(answer, str)
    return answer


def property_of(browser: Browser, selector: str, name: str) -> Any:
    return browser.http.get(f"{browser.element(selector)}/property/{name}").json()["value"]


def focused(browser: Browser) -> str:
    found = browser.http.get(f"{browser.session}/element/active").json()["value"]
    (identity,) = found.values()
    path = f"{browser.session}/element/{identity}/attribute/"
    named = [browser.http.get(path + name).json()["value"] for name in ("id", "class")]
    return named[0] or named[1]


def look(browser: Browser, name: str) -> None:
    """Check a page at 320 px and on a desktop, and save pictures of it if requested."""
    for width, height in ((320, 700), (1280, 800)):
        command(
            browser,
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        assert property_of(browser, "html", "scrollWidth") <= width, f"{name} is wider than {width}"
        if SHOTS:
            shot = command(browser, "Page.captureScreenshot", captureBeyondViewport=True)
            Path(SHOTS, f"{name}-{width}.png").write_bytes(base64.b64decode(shot["data"]))


def sign_in(browser: Browser, username: str, password: str = PASSWORD) -> None:
    browser.type("#username", username)
    browser.type("#password", password)
    browser.click("button")


def test_from_an_application_and_back_with_a_code(served, browser):
    browser.open(served.authorize() + "&ui_locales=vi")
    assert focused(browser) == "username"
    look(browser, "sign-in")
    sign_in(browser, "an", "wrong")
    see(browser, "không đúng", "[role=alert]")
    assert focused(browser) == "summary"
    look(browser, "sign-in-wrong")
    sign_in(browser, "", PASSWORD)
    see(browser, "Cho phép Sổ tay sáng kiến?")
    look(browser, "consent")
    browser.click("button[value=allow]")
    see(browser, "ok", "body")
    assert address(browser).startswith(served.back + "?code=")
    browser.open(served.origin + "/oauth/account?ui_locales=en")
    look(browser, "account")
    browser.click("main form button")
    see(browser, "You are signed out")
    look(browser, "signed-out")
    stopped = [e["message"] for e in browser.log("browser") if "Security Policy" in e["message"]]
    assert stopped == []


def test_an_admin_sets_up_a_second_factor(served, browser):
    browser.open(served.origin + "/oauth/sign-in?ui_locales=en")
    sign_in(browser, "admin")
    see(browser, "Set up the second factor")
    look(browser, "enrol")
    with psycopg.connect(served.url) as connection:
        ((secret,),) = connection.execute("select secret from totp_secret").fetchall()
    browser.type("#code", totp.code_of(bytes(secret), totp.step_of(served.clock())))
    browser.click("button")
    see(browser, "The second factor is on")
    look(browser, "enrolled")
    browser.click(".button")
    see(browser, "Signed in as admin", "main")
    browser.click("main form button")
    see(browser, "You are signed out")
    browser.click("main a")
    see(browser, "Sign in")
    sign_in(browser, "admin")
    see(browser, "Second factor")
    assert focused(browser) == "code"
    look(browser, "second-factor")


def test_an_invited_person_chooses_a_password_and_another(served, browser):
    with psycopg.connect(served.url) as connection:
        token = invitations.invite(connection, 4, datetime.now(UTC))
    browser.open(f"{served.origin}/oauth/invitation/{token}?ui_locales=vi")
    look(browser, "invitation")
    for field in ("#new", "#repeat"):
        browser.type(field, "một câu thật dài")
    browser.click("button")
    see(browser, "Mật khẩu đã được lưu", "main")
    sign_in(browser, "invited", "một câu thật dài")
    see(browser, "Đang đăng nhập: invited", "main")
    browser.open(served.origin + "/oauth/password")
    look(browser, "password")
    browser.type("#current", "một câu thật dài")
    for field in ("#new", "#repeat"):
        browser.type(field, "một câu khác cũng dài")
    browser.click("button")
    see(browser, "Mật khẩu đã đổi", "main")
