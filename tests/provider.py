"""A certified OpenID provider, npm's `oidc-provider`, as a process on this machine."""

import contextlib
import json
import re
import select
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.jwk import ECKey, RSAKey

from tests import node
from tests.visitor import Page, Site, Visitor, site

CLIENTS = Path(__file__).parent / "clients"
BACK = "https://issuer.test/oauth/external/sso/callback"
START = "/oauth/external/sso"  # our address of it
AUDIENCE = "https://api.sangkien.test"
SCOPES = "sangkien.read sangkien.write"
SECRET = "a secret of the client at the provider"
ELSEWHERE = "https://app.test/elsewhere"  # the redirect URI of an application of the provider
VERIFIER = "v" * 43
CHALLENGE = "7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM"  # S256 of it


def ec_key(kid: str) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid, "alg": "ES256", "use": "sig"}, private=True)


def rsa_key(kid: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid, "alg": "RS256", "use": "sig"}, private=True)


class Provider:
    """The provider; `accounts` are the claims of its users, by login."""

    def __init__(self, back: str, **changes: Any) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.keys: list[Any] = [ec_key("first")]
        self.accounts: dict[str, dict[str, Any]] = {
            "an@sso": {"email": "AN@example.vn", "email_verified": True},
            "binh@sso": {"email": "binh@example.vn", "email_verified": False},
            "chi@sso": {"email": "chi@example.vn", "email_verified": True, "amr": ["pwd", "mfa"]},
        }
        self.back = back
        self.changes = changes
        self._process: subprocess.Popen[str] | None = None

    def trust(self, **changes: Any) -> dict[str, Any]:
        """Return the trust setting for it."""
        return {
            "issuer": self.issuer,
            "key": "sso",
            "name": {"vi": "Cổng chung", "en": "The portal"},
            "client_id": "sangkien",
            "client_secret": SECRET,
            "audiences": [AUDIENCE],
            "link": "code",
            **changes,
        }

    def start(self) -> None:
        """Start it, and wait until it listens."""
        client = {"id_token_signed_response_alg": self.keys[0].alg, "redirect_uris": [ELSEWHERE]}
        given = {
            "issuer": self.issuer,
            "keys": [key.as_dict(private=True) for key in self.keys],
            "algorithm": self.keys[0].alg,
            "accounts": self.accounts,
            "audience": AUDIENCE,
            "claims_by_userinfo": True,
            "clients": [
                {
                    **client,
                    "client_id": "sangkien",
                    "client_secret": SECRET,
                    "redirect_uris": [self.back],
                },
                {**client, "client_id": "app", "client_secret": SECRET},
                {
                    **client,
                    "client_id": "robot@sso",
                    "client_secret": SECRET,
                    "grant_types": ["client_credentials"],
                    "redirect_uris": [],
                    "response_types": [],
                },
            ],
            **self.changes,
        }
        self._process = subprocess.Popen(
            [node.NODE, "provider.mjs"],
            cwd=CLIENTS,
            env=node.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(given))
        self._process.stdin.close()
        assert select.select([self._process.stdout], [], [], 30)[0], "it does not start"
        said = self._process.stdout.readline()
        assert said == "listening\n", said

    def stop(self) -> None:
        """Stop it: nothing listens at its address."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def restart(self, *keys: Any) -> None:
        """Restart it with these keys, of which the first one signs."""
        self.stop()
        self.keys = list(keys)
        self.start()

    async def token(self, login: str | None = None, **asked: Any) -> str:
        """Return an access token of a user; of the program `robot@sso` for None."""
        wanted = {"resource": AUDIENCE, "scope": SCOPES, **asked}
        if login is None:
            return await self._given("robot@sso", grant_type="client_credentials", **wanted)
        query = {
            **wanted,
            "scope": f"openid {wanted['scope']}",
            "client_id": "app",
            "response_type": "code",
            "redirect_uri": ELSEWHERE,
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        back = await sign_in(f"{self.issuer}/auth?{httpx.QueryParams(query)}", login)
        (code,) = parse_qs(urlsplit(back).query)["code"]
        return await self._given(
            "app",
            grant_type="authorization_code",
            code=code,
            redirect_uri=ELSEWHERE,
            code_verifier=VERIFIER,
            resource=AUDIENCE,
        )

    async def _given(self, client_id: str, **form: str) -> str:
        async with httpx.AsyncClient() as http:
            answer = await http.post(f"{self.issuer}/token", data=form, auth=(client_id, SECRET))
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])


async def sign_in(url: str, login: str) -> str:
    """Sign in as a user through the provider's pages; return the redirect address."""
    site = "{0.scheme}://{0.netloc}".format(urlsplit(url))
    async with httpx.AsyncClient(base_url=site) as http:
        answer = await http.get(url)
        for _ in range(12):
            if not answer.is_redirect:
                action = re.search(r'action="([^"]+)"', answer.text)
                prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
                assert action is not None, answer.text
                assert prompt is not None, answer.text
                fields = {"prompt": prompt.group(1), "login": login, "password": "any"}
                answer = await http.post(action.group(1), data=fields)
                continue
            target = answer.headers["location"]
            if urlsplit(target).netloc not in {"", urlsplit(site).netloc}:
                return str(target)
            answer = await http.get(target)
    raise AssertionError(f"it ends nowhere: {answer.text}")


async def set_out(visitor: Visitor, start: str = START) -> str:
    """Return the button's address at the provider."""
    answer = await visitor.http.get(start)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def arrive(visitor: Visitor, login: str = "an@sso", start: str = START) -> Page:
    """Sign in at the provider, and return our page after the redirect."""
    return await visitor.go(await sign_in(await set_out(visitor, start), login))


def trusting(
    url: str, made: Provider, settings: dict[str, Any] | None = None, **changes: Any
) -> contextlib.AbstractAsyncContextManager[Site]:
    """A site that trusts the provider, with changes of the settings and of the trust."""
    return site(url, oidc_issuers=json.dumps([made.trust(**changes)]), **(settings or {}))


@contextlib.contextmanager
def provider(back: str = BACK, *, started: bool = True, **changes: Any) -> Iterator[Provider]:
    """A running provider, whose client `sangkien` redirects to our address."""
    try:
        node.install(CLIENTS)
    except node.NodeError as error:
        pytest.skip(f"the provider cannot be installed: {error}")
    made = Provider(back, **changes)
    try:
        if started:
            made.start()
        yield made
    finally:
        made.stop()
