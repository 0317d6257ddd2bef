"""Forwarded headers count only from the configured proxies, and only with addresses."""

import pytest
import uvicorn
from starlette.requests import HTTPConnection

from api import settings
from api.addresses import address_of
from api.proxies import FromProxies, networks
from api.serving import PROTOCOLS
from api.settings import Settings, SettingsError

PROXY, OUTER = "10.0.0.1", "10.0.0.2"
BELIEVED = networks([PROXY, "10.0.0.2/32", "fd00::/64"])


async def seen(*forwarded, peer=PROXY, proxies=BELIEVED, kind="http", scheme="http", **more):
    """Return the application's view of a request with these X-Forwarded-For headers."""
    found = {}

    async def app(scope, receive, send):
        found.update(scope)

    headers = [(b"x-forwarded-for", value.encode("latin-1")) for value in forwarded]
    headers += [(name.replace("_", "-").encode(), value.encode()) for name, value in more.items()]
    client = None if peer is None else (peer, 4711)
    scope = {"type": kind, "client": client, "scheme": scheme, "headers": headers}
    await FromProxies(app, proxies)(scope, None, None)
    return found


async def address(*forwarded, **given):
    return address_of(HTTPConnection(await seen(*forwarded, **given)))


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "203.0.113.5", "10.0.0.3", "testclient"])
async def test_who_is_no_named_proxy_is_believed_nothing(peer):
    told = await seen("203.0.113.9", peer=peer, x_forwarded_proto="https")
    assert (told["client"][0], told["scheme"]) == (peer, "http")
    assert await address("203.0.113.9", peer=peer, proxies=()) == peer


@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_a_named_proxy_tells_whom_it_serves(kind):
    assert await address("203.0.113.9", kind=kind) == "203.0.113.9"


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        (["6.6.6.6, 9.9.9.9"], "9.9.9.9"),
        (["6.6.6.6", "9.9.9.9"], "9.9.9.9"),
        (["6.6.6.6, 9.9.9.9, 10.0.0.2"], "9.9.9.9"),
        (["6.6.6.6,9.9.9.9 ,\t10.0.0.2, 10.0.0.1"], "9.9.9.9"),
        (["10.0.0.2"], "10.0.0.2"),
        (["10.0.0.2, 10.0.0.1"], "10.0.0.2"),
        (["9.9.9.9:8080"], "9.9.9.9"),
        (["2001:db8::1"], "2001:db8::1"),
        (["[2001:db8::1]"], "2001:db8::1"),
        (["[2001:db8::1]:8080"], "2001:db8::1"),
        (["2001:DB8:0:0:0:0:0:1"], "2001:db8::1"),
        (["fe80::1%<script>"], "fe80::1"),
        (["::ffff:9.9.9.9"], "9.9.9.9"),
        (["9.9.9.9, fd00::7"], "9.9.9.9"),
    ],
)
async def test_the_last_address_that_no_proxy_has_is_the_client(forwarded, client):
    assert await address(*forwarded) == client


@pytest.mark.parametrize(
    "forwarded",
    [
        "not an ip <script>", "unknown", "_hidden", "", ",", "9.9.9.9,", "999.9.9.9", "9.9.9",
        "09.9.9.9", "0x7f.1", "9.9.9.9:99999999", "9.9.9.9:", "9.9.9.9:x", "[9.9.9.9", "[::1]x",
        "[2001:db8::1]:", "2001:db8::1]:80", '"9.9.9.9"', "9.9.9.9 6.6.6.6", "9.9.9.9%eth0",
        "localhost", "\u0661.1.1.1".encode().decode("latin-1"), "9.9.9.9\x00", "9.9.9.9/32",
        "for=9.9.9.9", "x" * 60_000,
    ],
)  # fmt: skip
async def test_what_is_no_address_is_not_taken_for_one(forwarded):
    assert await address(forwarded) == PROXY
    assert await address(f"6.6.6.6, {forwarded}, 10.0.0.2") == OUTER


async def test_a_list_without_end_is_read_for_some_hops_alone():
    assert await address(", ".join(["6.6.6.6", *["10.0.0.2"] * 6_000])) == OUTER


@pytest.mark.parametrize(
    ("kind", "said", "scheme"),
    [
        ("http", "https", "https"), ("http", "HTTPS", "https"), ("websocket", "https", "wss"),
        ("http", "http, https", "https"), ("http", "javascript", "http"), ("http", "", "http"),
        ("http", "wss", "http"), ("http", "https://evil", "http"), ("websocket", "file", "ws"),
    ],
)  # fmt: skip
async def test_a_proxy_names_the_scheme_http_or_https(kind, said, scheme):
    before = "http" if kind == "http" else "ws"
    told = await seen("9.9.9.9", kind=kind, scheme=before, x_forwarded_proto=said)
    assert told["scheme"] == scheme


async def test_other_headers_of_forwarding_are_not_looked_at():
    told = await seen(
        forwarded="for=9.9.9.9;proto=https;host=evil", x_real_ip="9.9.9.9",
        x_forwarded_host="evil.example", x_forwarded_port="1",
    )  # fmt: skip
    assert told["client"] == (PROXY, 4711)
    assert told["scheme"] == "http"
    assert "server" not in told


async def test_a_peer_that_is_written_as_ipv6_is_the_ipv4_address_that_it_is():
    assert await address("9.9.9.9", peer="::ffff:10.0.0.1") == "9.9.9.9"
    assert await address(peer="::ffff:203.0.113.5") == "203.0.113.5"
    assert await address(peer="fe80::1%eth0") == "fe80::1"
    assert await address("9.9.9.9", peer=None) is None
    mapped = networks(["::ffff:10.0.0.1"])
    assert await address("9.9.9.9", proxies=mapped) == "9.9.9.9"


def test_the_environment_of_uvicorn_opens_nothing(monkeypatch):
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    config = uvicorn.Config(lambda *_: None, log_config=None, **PROTOCOLS)
    assert config.proxy_headers is False


def test_proxies_are_addresses_and_networks(monkeypatch):
    assert Settings().proxies == ()
    monkeypatch.setenv("SANGKIEN_PROXIES", "127.0.0.1, 10.1.0.0/16,::1")
    assert [str(one) for one in settings.load().proxies] == [
        "127.0.0.1/32", "10.1.0.0/16", "::1/128",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "value", ["*", "proxy", "10.0.0.1/8", "0.0.0.0/0", "::/0", "::ffff:0:0/96", "10.0.0.0-9", "/8"]
)
def test_proxies_that_are_none_are_refused(monkeypatch, value):
    monkeypatch.setenv("SANGKIEN_PROXIES", value)
    with pytest.raises(SettingsError, match="SANGKIEN_PROXIES"):
        settings.load()
