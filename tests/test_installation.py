"""An installation on Debian's PostgreSQL 15, from nothing to a backup that is the same.

The programs are real processes, people sign in by the real pages, and they follow the first weeks
of docs/operations.md.
"""

import base64
import hashlib
import json
import os
import re
import secrets
import subprocess
import sys
import time
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Self
from urllib.parse import urlencode

import httpx
import psycopg
import pytest

from auth.issuer import totp
from tests import postgres15 as debian
from tests.filing import read, written
from tests.operations_page import at_present, blocks
from tests.postgres15 import new_name
from tests.test_cli import ROOT, free_port, run, wait_until_ready
from tests.test_restore import ROWS, SEQUENCES, TABLES
from tests.test_roles import named
from tests.visitor import Visitor, query_of

pytestmark = pytest.mark.postgres15

UNITS, PEOPLE = 3_000, 5_000
BACK = "http://localhost:5173/callback"
PASSWORD = "một câu dài mà người ấy nhớ"
PROGRESS = """{ unit(code: "TLD") { progress(campaign: "SK2027", phase: 1) {
    submitted achieved target unitsTotal } } }"""

BACKENDS = "select count(*) from pg_stat_activity where datname = %s"


class Browser(Visitor):
    """A browser that reaches a server over HTTP."""

    def __init__(self, issuer: str) -> None:
        self.site = SimpleNamespace(settings=SimpleNamespace(issuer=issuer))
        headers = {"Accept-Language": "en", "Accept": "text/html"}
        self.http = httpx.AsyncClient(base_url=issuer, headers=headers, timeout=30)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def accept(self, link):
        """Open an invitation and choose a password; return the next page."""
        page = await self.submit(await self.go(link), new=PASSWORD, repeat=PASSWORD)
        assert page.alert == "", page.alert
        return page

    async def token(self):
        """Consent to the application `app` as the signed-in person; return its access token."""
        verifier = secrets.token_urlsafe(48)
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
        asked = {
            "response_type": "code",
            "client_id": "app",
            "redirect_uri": BACK,
            "scope": "openid sangkien.read sangkien.write",
            "state": "s",
            "code_challenge": digest.rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        page = await self.go(f"/oauth/authorize?{urlencode(asked)}")
        assert page.heading == "Allow app?", page.texts["all"]
        form = {
            "grant_type": "authorization_code",
            "client_id": "app",
            "redirect_uri": BACK,
            "code": query_of(await self.submit(page, decision="allow"))["code"],
            "code_verifier": verifier,
        }
        answer = await self.http.post("/oauth/token", data=form)
        assert answer.status_code == 200, answer.text
        return answer.json()["access_token"]


def secret_on(page):
    """Return the secret of a second factor from a page, as an authenticator app reads it."""
    text = re.search(r"secret=([A-Z2-7]+)", page.response.text)[1]
    return base64.b32decode(text + "=" * (-len(text) % 8))


async def administrator(issuer, link):
    """Accept an invitation, enrol a second factor, and sign in with both; return a token."""
    async with Browser(issuer) as first:
        page = await first.accept(link)
        if page.heading != "Set up the second factor":
            page = await first.sign_in("it.admin", PASSWORD)
        assert page.heading == "Set up the second factor", page.texts["all"]
        secret = secret_on(page)
        step = totp.step_of(time.time())
        page = await first.submit(page, code=totp.code_of(secret, step))
        assert page.heading == "The second factor is on", page.texts["all"]
    async with Browser(issuer) as again:
        page = await again.sign_in("it.admin", PASSWORD)
        assert page.heading == "Second factor"
        # A code is valid once, and a clock may be a step off.
        page = await again.submit(page, code=totp.code_of(secret, step + 1))
        assert page.heading == "Account", page.texts["all"]
        return await again.token()


async def person(issuer, link, username):
    """Accept an invitation, sign in, and return a token."""
    async with Browser(issuer) as browser:
        page = await browser.accept(link)
        if page.heading == "Sign in":
            page = await browser.sign_in(username, PASSWORD)
        if page.heading == "Set up the second factor":
            code = totp.code_of(secret_on(page), totp.step_of(time.time()))
            await browser.submit(page, code=code)
        return await browser.token()


@contextmanager
def serving(settings, issuer, port):
    """Serve as a process with the reader's and the writer's URLs, without the owner's."""
    urls = {name: settings[name] for name in ("SANGKIEN_READER_URL", "SANGKIEN_WRITER_URL")}
    environment = {**os.environ, **urls, "SANGKIEN_ISSUER": issuer}
    process = subprocess.Popen(
        [sys.executable, "-m", "api.cli", "serve", "--workers", "2", "--port", str(port)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        wait_until_ready(port, process)
        yield
    finally:
        process.terminate()
        process.communicate(timeout=60)


def nation(folder):
    """Files of 3,000 units, 5,000 people and an account for each, including the page's."""
    federations = [(f"LD{n:02}", "FEDERATION", "TLD") for n in range(1, 21)]
    uppers = [(f"{code}-{n:02}", "UPPER", code) for code, *_ in federations for n in range(1, 10)]
    rest = UNITS - len(federations) - len(uppers)
    bases = [
        (f"{upper}-{n // len(uppers) + 1:03}", "GRASSROOTS", upper)
        for n, (upper, *_) in ((n, uppers[n % len(uppers)]) for n in range(rest))
    ]
    units = [
        (code, f"Công đoàn {code}", level, parent, "120")
        for code, level, parent in (*federations, *uppers, *bases)
    ]
    homes = ["LD01-01-001", "LD01-01-001", "LD01-01", "LD01"]
    homes += [bases[n % rest][0] for n in range(PEOPLE - len(homes))]
    people = [
        (f"NV{n:03}", f"Nguyễn Văn {n}", home, "PRODUCTION") for n, home in enumerate(homes, 1)
    ]
    listed = ["hoa.tran", "binh.le", "cuc.pham", "dung.vo"]
    roles = ["MEMBER", "OFFICER", "OFFICER", "ADMIN", *["MEMBER"] * (PEOPLE - 4)]
    names = listed + [f"nv{n}" for n in range(5, PEOPLE + 1)]
    accounts = list(zip(names, [code for code, *_ in people], roles, strict=True))
    header = ("code", "name", "level", "parent", "member_count")
    return {
        "units": written(folder / "units.csv", header, *units),
        "people": written(folder / "people.csv", ("code", "name", "unit", "sector"), *people),
        "accounts": written(folder / "accounts.csv", ("username", "person", "role"), *accounts),
    }


def done_by(*words, **environment):
    """Return the output of a command, which must succeed without errors."""
    done = run(*words, timeout=300, **environment)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout


def contents(url):
    """Return rows by table, and the values of sequences."""
    with psycopg.connect(url) as connection:
        tables = [name for (name,) in connection.execute(TABLES)]
        rows = {name: connection.execute(ROWS.format(f'"{name}"')).fetchone() for name in tables}
        return rows, dict(connection.execute(SEQUENCES).fetchall())


def as_owner(program, *words):
    subprocess.run([debian.PROGRAMS / program, *words], check=True, capture_output=True)


async def carry_out(http, tokens):
    """Run the page's documents of the first weeks, each as the account that it names."""
    steps = [block for block in blocks("First weeks") if block.language == "graphql"]
    assert {block.about for block in steps} == set(tokens)
    for block in steps:
        answer = await http.post(
            "/graphql",
            json={"query": at_present(block.text)},
            headers={"Authorization": f"Bearer {tokens[block.about]}"},
        )
        told = answer.json()
        assert answer.status_code == 200, told
        assert "errors" not in told, told
        for field, outcome in told["data"].items():
            assert outcome, told
            assert "message" not in outcome, (field, outcome)
    return steps


async def test_an_installation_from_nothing_to_a_backup_that_is_the_same(postgres15, tmp_path):
    name, port = new_name(), free_port()
    issuer = f"http://localhost:{port}"
    settings = {**named(postgres15.create(name), name), "SANGKIEN_ISSUER": issuer}
    office = {key: url for key, url in settings.items() if key != "SANGKIEN_DATABASE_URL"}
    who = ("--code", "TLD", "--name", "Tổng Liên đoàn", "--admin", "it.admin")
    link = done_by("init", *who, "--admin-name", "Nguyễn Thị Quản Trị", **settings).strip()
    done_by("clients", "add", "app", "--redirect-uri", BACK, **settings)
    with serving(settings, issuer, port):
        tokens = {"it.admin": await administrator(issuer, link)}
        seconds = {}
        for kind, file in nation(tmp_path).items():
            begun = time.perf_counter()
            told = done_by("import", kind, str(file), "--as", "it.admin", **office)
            seconds[kind] = time.perf_counter() - begun
            assert told == f"{UNITS if kind == 'units' else PEOPLE:,} {kind} imported\n"
        links = tmp_path / "links.csv"
        done_by("accounts", "invite", "--pending", "--links", str(links), **settings)
        by_name = {row["username"]: row["link"] for row in read(links)}
        assert len(by_name) == PEOPLE
        for username in ("hoa.tran", "binh.le", "cuc.pham", "dung.vo"):
            tokens[username] = await person(issuer, by_name[username], username)
        async with httpx.AsyncClient(base_url=issuer, timeout=60) as http:
            await carry_out(http, tokens)
            with psycopg.connect(postgres15.admin) as connection:
                (used,) = connection.execute(BACKENDS, [name]).fetchone()
            # docs/operations.md, Sizing: the connections that max_connections must allow for two
            # workers.
            assert 2 <= used <= 2 * 30
            progress = await http.post("/graphql", json={"query": PROGRESS})
        assert progress.json()["data"]["unit"]["progress"] == {
            "submitted": 1, "achieved": 1, "target": 2000,
            "unitsTotal": UNITS - 200,
        }  # fmt: skip
    print(json.dumps(seconds))  # noqa: T201 - seen with -s

    owner = settings["SANGKIEN_DATABASE_URL"]
    copy = postgres15.create_database(new_name(), name)
    dump = tmp_path / "sangkien.dump"
    as_owner("pg_dump", "--format=custom", f"--file={dump}", owner)
    as_owner("pg_restore", "--no-comments", "--single-transaction", f"--dbname={copy}", dump)
    assert contents(copy) == contents(owner)
    elsewhere = {
        key: url.removesuffix(name) + copy.rpartition("/")[2]
        for key, url in settings.items()
        if key.endswith("_URL")
    }
    assert done_by("migrate", **elsewhere) == "migrated to head\n"
    for urls in (settings, elsewhere):
        told = done_by("verify", **urls)
        assert len(re.findall(r"\b0 differ\b", told)) == 2
        assert "audit heads: " in told
    assert contents(copy)[0]["initiative"] == contents(owner)[0]["initiative"]
