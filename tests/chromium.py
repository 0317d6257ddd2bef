"""A real browser for tests: Chromium, driven over the WebDriver protocol."""

import contextlib
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")

QUIET = [
    "--headless=new",
    "--no-sandbox",  # Chromium has no sandbox for root
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=en",
    "--window-size=1280,800",
]


class Browser:
    """Chromium, driven over the WebDriver protocol."""

    def __init__(self, driver: str, profile: Path) -> None:
        self.http = httpx.Client(base_url=driver, timeout=30)
        options = {"binary": CHROMIUM, "args": [*QUIET, f"--user-data-dir={profile}"]}
        logs = {"browser": "ALL", "performance": "ALL"}
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": logs}
        answer = self.call("/session", capabilities={"alwaysMatch": wanted})
        self.session = f"/session/{answer['sessionId']}"

    def call(self, path: str, **body: Any) -> Any:
        answer = self.http.post(path, json=body).json()["value"]
        assert not (isinstance(answer, dict) and "error" in answer), answer
        return answer

    def open(self, url: str) -> None:
        self.call(f"{self.session}/url", url=url)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.call(f"{self.session}/execute/sync", script=script, args=arguments)

    def element(self, selector: str) -> str:
        found = self.call(f"{self.session}/element", using="css selector", value=selector)
        (identity,) = found.values()
        return f"{self.session}/element/{identity}"

    def click(self, selector: str) -> None:
        """Click as a user does: the element must be visible and not covered."""
        self.call(f"{self.element(selector)}/click")

    def type(self, selector: str, text: str) -> None:
        self.call(f"{self.element(selector)}/value", text=text)

    def wait(self, script: str, *arguments: Any) -> Any:
        """Return the script's value as soon as it is true, within ten seconds."""
        until = time.monotonic() + 10
        while not (value := self.run(script, *arguments)):
            assert time.monotonic() < until, f"never true: {script}"
            time.sleep(0.05)
        return value

    def log(self, kind: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call(f"{self.session}/se/log", type=kind)
        return found

    def requested(self) -> set[str]:
        """Return the addresses requested over the network since the last call."""
        events = [json.loads(entry["message"])["message"] for entry in self.log("performance")]
        urls = {
            event["params"]["request"]["url"]
            for event in events
            if event["method"] == "Network.requestWillBeSent"
        }
        return {url for url in urls if url.startswith(("http", "ws"))}

    def close(self) -> None:
        self.http.delete(self.session)
        self.http.close()


@contextlib.contextmanager
def drive(profile: Path) -> Iterator[Browser]:
    """Start Chromium with an empty profile, and stop it afterwards."""
    assert DRIVER is not None
    with subprocess.Popen([DRIVER, "--port=0"], stdout=subprocess.PIPE, text=True) as driver:
        try:
            assert driver.stdout is not None
            ports = (re.search(r"successfully on port (\d+)", line) for line in driver.stdout)
            port = next(found.group(1) for found in ports if found)
            with contextlib.closing(Browser(f"http://127.0.0.1:{port}", profile)) as browser:
                yield browser
        finally:
            driver.terminate()
