"""Documents of an external provider: how often the server fetches them, and which parts it uses."""

import asyncio
import contextlib
import gzip

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from auth.external import fetching
from auth.external.fetching import fetch_object
from auth.external.provider import IssuerUnavailableError, Provider
from auth.external.remembered import NotFetchedError
from auth.external.trust import Trust
from auth.tokens import TokenError
from tests.provider import ec_key
from tests.visitor import Clock

ISSUER = "https://sso.test"
TRUST = Trust(ISSUER, "sso", {}, audiences=("us",))
DISCOVERY = f"{ISSUER}/.well-known/openid-configuration"


class Publisher:
    """Publishes documents, and counts the requests for them."""

    def __init__(self, *keys, **discovery) -> None:
        self.discovery = {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/jwks", **discovery}
        self.keys = [key.as_dict(private=False) for key in keys]
        self.down = False
        self.asked = []

    async def fetch(self, url):
        self.asked.append(url)
        await asyncio.sleep(0)
        if self.down:
            raise NotFetchedError("down")
        return self.discovery if url == DISCOVERY else {"keys": self.keys}


@pytest.fixture
def clock():
    return Clock()


def token(key, clock, **header):
    claims = {"iss": ISSUER, "aud": "us", "sub": "an", "exp": int(clock.now) + 100_000}
    head = {"alg": key.alg, "typ": "at+jwt", "kid": key.kid, **header}
    return jwt.encode(head, claims, key, algorithms=[head["alg"]])


async def test_strangers_with_keys_of_their_own_cause_no_storm(clock):
    publisher = Publisher(ec_key("one"))
    verifier = TRUST.verifier(Provider(TRUST, clock, publisher.fetch).keys, "us", clock)
    for number in range(600):
        with pytest.raises(TokenError):
            await verifier.verify(token(ec_key(f"strange{number}"), clock))
        clock.now += 1
    assert len(publisher.asked) < 20


async def test_many_at_once_ask_once(clock):
    publisher = Publisher(ec_key("one"))
    provider = Provider(TRUST, clock, publisher.fetch)
    found = await asyncio.gather(*(provider.keys() for _ in range(50)))
    assert publisher.asked == [DISCOVERY, f"{ISSUER}/jwks"]
    assert all(keys == found[0] for keys in found)


async def test_an_outage_is_asked_about_less_and_less_often(clock):
    publisher = Publisher(ec_key("one"))
    publisher.down = True
    provider = Provider(TRUST, clock, publisher.fetch)
    for _ in range(1_000):
        with pytest.raises(IssuerUnavailableError):
            await provider.keys()
        clock.now += 1
    assert len(publisher.asked) < 30
    publisher.down = False
    clock.now += 61
    assert len(await provider.keys()) == 1


async def test_known_keys_are_good_for_a_day_of_outage_and_no_longer(clock):
    key = ec_key("one")
    publisher = Publisher(key)
    verifier = TRUST.verifier(Provider(TRUST, clock, publisher.fetch).keys, "us", clock)
    good = token(key, clock)
    await verifier.verify(good)
    publisher.down = True
    clock.now += 23 * 3600
    assert (await verifier.verify(good)).subject == "an"
    clock.now += 2 * 3600
    with pytest.raises(IssuerUnavailableError):
        await verifier.verify(good)


async def test_a_key_with_the_kid_of_a_removed_one_verifies_nothing_of_that(clock):
    old, new = ec_key("same"), ec_key("same")
    publisher = Publisher(old)
    verifier = TRUST.verifier(Provider(TRUST, clock, publisher.fetch).keys, "us", clock)
    good = token(old, clock)
    await verifier.verify(good)
    publisher.keys = [new.as_dict(private=False)]
    clock.now += 301
    with pytest.raises(TokenError):
        await verifier.verify(good)
    assert (await verifier.verify(token(new, clock))).subject == "an"


@pytest.mark.parametrize(
    "discovery",
    [
        {"issuer": "https://evil.test"},
        {"issuer": f"{ISSUER}/"},
        {"issuer": None},
        {"jwks_uri": None},
        {"jwks_uri": 7},
        {"jwks_uri": "http://sso.test/jwks"},
        {"jwks_uri": "http://localhost/jwks"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": "https://[/"},
        {"token_endpoint": "http://169.254.169.254/"},
    ],
)
async def test_a_description_that_cannot_be_is_not_taken(clock, discovery):
    provider = Provider(TRUST, clock, Publisher(ec_key("one"), **discovery).fetch)
    with pytest.raises(IssuerUnavailableError):
        await provider.keys()


async def test_only_public_keys_that_sign_as_we_verify_are_taken(clock):
    good = [
        ec_key("ec"),
        RSAKey.generate_key(2048, {"kid": "rsa"}, private=True),
        OKPKey.generate_key("Ed25519", {"kid": "okp"}, private=True),
    ]
    publisher = Publisher(*good, ECKey.generate_key("P-384", {"kid": "p384"}, private=True))
    rsa = good[1].as_dict(private=False)
    publisher.keys += [
        OctKey.generate_key(256, {"kid": "oct"}).as_dict(private=True),
        {**rsa, "kid": "small", "n": "_" * 171},
        {**rsa, "kid": "encrypts", "use": "enc"},
        {**rsa, "kid": 7},
        {"kty": "AKP", "alg": "ML-DSA-44", "pub": "x", "kid": "akp"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "nowhere"},
        {"kty": ["EC"]},
        "key",
        None,
    ]
    private = good[0].as_dict(private=True)
    publisher.keys.append({**private, "kid": "told too much"})
    found = await Provider(TRUST, clock, publisher.fetch).keys()
    assert [key["kid"] for key in found] == ["ec", "rsa", "okp", "told too much"]
    assert all("d" not in key for key in found)


@pytest.mark.parametrize("keys", [None, {}, "x", [None] * 51])
async def test_what_is_no_set_of_keys_is_not_taken(clock, keys):
    publisher = Publisher()
    publisher.keys = keys
    with pytest.raises(IssuerUnavailableError):
        await Provider(TRUST, clock, publisher.fetch).keys()


@pytest.fixture
async def answering():
    """A server on this machine that returns one response to all requests, and counts them."""
    servers, serving = [], []

    async def answer_with(head, body=b"", *, slowly=False):
        asked = []

        async def serve(reader, writer):
            serving.append(asyncio.current_task())
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            try:
                writer.write(b"HTTP/1.1 " + head + b"\r\nConnection: close\r\n\r\n")
                for start in range(0, len(body), 1 if slowly else len(body) or 1):
                    writer.write(body[start : start + 1] if slowly else body)
                    await writer.drain()
                    await asyncio.sleep(0.05 if slowly else 0)
            except ConnectionError:
                pass  # the client has read enough
            finally:
                writer.close()
                with contextlib.suppress(ConnectionError):
                    await writer.wait_closed()

        servers.append(await asyncio.start_server(serve, "127.0.0.1", 0))
        port = servers[-1].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}/", asked

    yield answer_with
    await asyncio.gather(*serving)
    for server in servers:
        server.close()
        await server.wait_closed()


async def test_an_answer_is_read_where_it_is_as_it_should_be(answering):
    url, asked = await answering(b"200 OK", b'{"a": 1}')
    assert await fetch_object(url) == {"a": 1}
    assert b"identity" in asked[0].lower()


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"200 OK", b'"text"'),
        (b"200 OK", b"<html>"),
        (b"200 OK", b"[" * 100_000),
        (b"200 OK", b'"' + b"x" * fetching.LARGEST + b'"'),
        (b"200 OK\r\nContent-Encoding: gzip", gzip.compress(b"{}")),
        (b"404 Not Found", b"{}"),
        (b"500 Oh", b"{}"),
        (b"nonsense", b""),
    ],
    ids=["text", "page", "deep", "large", "packed", "404", "500", "no HTTP"],
)
async def test_an_answer_that_cannot_be_is_not_taken(answering, head, body):
    url, _ = await answering(head, body)
    with pytest.raises(NotFetchedError):
        await fetch_object(url)


async def test_nobody_is_sent_on_to_elsewhere(answering):
    elsewhere, asked = await answering(b"200 OK", b"{}")
    url, _ = await answering(b"302 Found\r\nLocation: " + elsewhere.encode())
    with pytest.raises(NotFetchedError, match="302"):
        await fetch_object(url)
    assert asked == []


async def test_an_answer_that_never_ends_is_not_waited_for(answering, monkeypatch):
    monkeypatch.setattr(fetching, "SECONDS", 0.3)
    url, _ = await answering(b"200 OK", b"{" * 200, slowly=True)
    with pytest.raises(NotFetchedError, match="in time"):
        await fetch_object(url)
