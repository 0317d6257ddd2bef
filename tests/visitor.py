"""A site with the issuer, and visitors who use its pages like a browser."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import httpx2
import psycopg
from authlib.integrations.httpx_client import AsyncOAuth2Client

from api.app import create_app
from api.settings import Settings
from auth.issuer import clients, invitations
from auth.issuer.clients import CODE, CREDENTIALS, REFRESH, Client
from auth.issuer.scopes import USUAL
from db.rules import secret

ISSUER = "https://issuer.test"
BACK = "https://app.test/back"
PASSWORD = "correct horse"
CLIENT_SECRET = "a secret of the client"
ALL = " ".join(USUAL)


class Clock:
    """A clock that a test advances."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


class Page(HTMLParser):
    """The parts of a page: its form, its heading, its summary of errors."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__()
        self.response = response
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self.links: list[str] = []
        self.texts: dict[str, str] = {"h1": "", "alert": "", "all": ""}
        self._within: list[tuple[str, str | None]] = []
        self.feed(response.text)

    @property
    def alert(self) -> str:
        return " ".join(self.texts["alert"].split())

    @property
    def heading(self) -> str:
        return self.texts["h1"].strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.action = given["action"]
        elif tag == "input" and given.get("type") == "hidden":
            self.fields[str(given["name"])] = given["value"] or ""
        elif tag == "a":
            self.links.append(str(given["href"]))
        if tag not in {"input", "meta", "link"}:
            self._within.append((tag, given.get("role")))

    def handle_endtag(self, tag: str) -> None:
        while self._within and self._within.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.texts["all"] += data
        if any(tag == "h1" for tag, _ in self._within):
            self.texts["h1"] += data
        if any(role == "alert" for _, role in self._within):
            self.texts["alert"] += data


class Visitor:
    """A browser with cookies of its own; it follows redirects until they leave the site."""

    def __init__(self, site: "Site", address: str = "203.0.113.5") -> None:
        transport = httpx.ASGITransport(site.app, raise_app_exceptions=False, client=(address, 1))
        self.site = site
        self.http = httpx.AsyncClient(
            transport=transport,
            base_url=site.settings.issuer,
            headers={"Accept-Language": "en", "Accept": "text/html"},
        )

    async def go(self, url: str) -> Page:
        """Open an address."""
        return await self._followed(await self.http.get(url))

    async def submit(self, page: Page, **fields: str) -> Page:
        """Fill in a page's form and send it."""
        assert page.action is not None, page.response.text
        return await self._followed(await self.post(page.action, {**page.fields, **fields}))

    async def post(self, url: str, fields: dict[str, str], **headers: str) -> httpx.Response:
        """Send a form without a page."""
        origin = {"Origin": self.site.settings.issuer, **headers}
        return await self.http.post(url, data=fields, headers=origin)

    async def sign_in(self, username: str = "an", password: str = PASSWORD, to: str = "") -> Page:
        """Sign in by the page; return the next page."""
        page = await self.go("/oauth/sign-in" + (f"?to={to}" if to else ""))
        return await self.submit(page, username=username, password=password)

    async def _followed(self, response: httpx.Response) -> Page:
        while response.is_redirect:
            target = response.headers["location"]
            if urlsplit(target).netloc not in {"", urlsplit(self.site.settings.issuer).netloc}:
                break
            response = await self.http.get(target)
        return Page(response)


class Site:
    """The application with its settings, its database and its clock."""

    def __init__(self, app: Any, settings: Settings, clock: Clock) -> None:
        self.app = app
        self.settings = settings
        self.clock = clock

    def sql(self, statement: str, *values: Any) -> list[Any]:
        """Run a statement as the owner."""
        with psycopg.connect(self.settings.urls()[0]) as connection:
            cursor = connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def register(self, client_id: str = "app", **changes: Any) -> Client:
        """Register a client: a public one, unless it gets a secret."""
        given: dict[str, Any] = {
            "client_id": client_id,
            "name": "An application",
            "secret_hash": None,
            "redirect_uris": [BACK],
            "post_logout_redirect_uris": ["https://app.test/bye"],
            "grant_types": [CODE, REFRESH],
            "scope": ALL,
            "account_id": None,
            "trusted": True,
            "may_introspect": False,
        }
        client = Client(**{**given, **changes})
        with psycopg.connect(self.settings.urls()[0]) as connection:
            clients.register(connection, client)
        return client

    def register_robot(self, client_id: str = "robot-app", **changes: Any) -> Client:
        """Register a client with a secret that acts as the service account."""
        given = {
            "secret_hash": secret.hashed(CLIENT_SECRET),
            "account_id": 3,
            "grant_types": [CREDENTIALS],
            "redirect_uris": [],
            "scope": "sangkien.read sangkien.write",
        }
        return self.register(client_id, **{**given, **changes})

    def invite(self, username: str = "invited") -> str:
        """Return the token of an invitation."""
        ((account_id,),) = self.sql("select id from account where username = %s", username)
        with psycopg.connect(self.settings.urls()[0]) as connection:
            now = datetime.fromtimestamp(self.clock.now, UTC)
            return invitations.invite(connection, account_id, now)

    def client(self, client_id: str = "app", **options: Any) -> AsyncOAuth2Client:
        """Return Authlib's own client of this issuer."""
        given = {
            "token_endpoint_auth_method": "none",
            "code_challenge_method": "S256",
            "redirect_uri": BACK,
            "scope": ALL,
            "transport": httpx2.ASGITransport(self.app, raise_app_exceptions=False),
        }
        return AsyncOAuth2Client(client_id, **{**given, **options})

    async def token(self, form: dict[str, str], **options: Any) -> httpx.Response:
        """Post to the token endpoint."""
        return await self.post("/oauth/token", form, **options)

    async def post(self, path: str, form: Any, **options: Any) -> httpx.Response:
        """Post a form as an application does: without cookies."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=ISSUER) as http:
            return await http.post(path, data=form, **options)

    async def get(self, path: str, **options: Any) -> httpx.Response:
        """Get an address as an application does."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=ISSUER) as http:
            return await http.get(path, **options)


@asynccontextmanager
async def site(url: str, **changes: Any) -> AsyncIterator[Site]:
    """A site on this database; by default it requires no second factor."""
    given = {"issuer": ISSUER, "totp_required": False}
    settings = Settings(database_url=url, **{**given, **changes})
    clock = Clock()
    app = create_app(settings, clock)
    async with app.router.lifespan_context(app):
        yield Site(app, settings, clock)


def query_of(page: Page | httpx.Response) -> dict[str, str]:
    """Return the parameters of the address of a redirect."""
    response = page.response if isinstance(page, Page) else page
    query = urlsplit(response.headers["location"]).query
    return {name: value for name, (value,) in parse_qs(query).items()}
