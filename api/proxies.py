"""The client address of a request behind the reverse proxies of the settings.

The settings list trusted proxies. A trusted proxy appends the address of its peer to
`X-Forwarded-For`, and names the scheme in `X-Forwarded-Proto`. Other peers could send anything, so
their headers are ignored, and so is the header `Forwarded`.
"""

import re
from collections.abc import Iterable, Iterator
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from starlette.types import ASGIApp, Receive, Scope, Send

IPAddress = IPv4Address | IPv6Address
Networks = tuple[IPv4Network | IPv6Network, ...]

_MOST_HOPS = 16  # between a client and this server
_MAPPED = 96  # bits before an IPv4 address that is written as IPv6
_ENTRY = re.compile(r"\[([^\[\]]+)\](?::\d{1,5})?|([0-9.]+):\d{1,5}|([^\[\]]+)", re.ASCII)
_SCHEMES = {"http": {"http": "http", "https": "https"}, "websocket": {"http": "ws", "https": "wss"}}


def networks(texts: Iterable[str]) -> Networks:
    """Return the networks in a setting; an address counts as a network. Raises ValueError."""
    found = []
    for text in texts:
        try:
            network = ip_network(text)
        except ValueError:
            raise ValueError(
                f"{text!r} is neither an address nor a network such as 10.0.0.0/24"
            ) from None
        network = _unmapped(network)
        if network.prefixlen == 0:
            raise ValueError(f"{text!r} would believe everybody")
        found.append(network)
    return tuple(found)


def _unmapped(network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    mapped = network.network_address
    if isinstance(mapped, IPv6Address) and mapped.ipv4_mapped and network.prefixlen >= _MAPPED:
        return IPv4Network((mapped.ipv4_mapped, network.prefixlen - _MAPPED))
    return network


class FromProxies:
    """An ASGI middleware that sets the client's address and scheme."""

    def __init__(self, app: ASGIApp, proxies: Networks) -> None:
        """Set the wrapped application and the trusted proxies."""
        self._app = app
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the wrapped application with the client's address and scheme."""
        if scope["type"] in _SCHEMES and scope.get("client"):
            peer, port = scope["client"]
            address = _address(peer)
            scope = {**scope, "client": (str(address) if address else peer, port)}
            if address is not None and self._believes(address):
                client = self._client(address, scope)
                scope["client"] = (str(client), port if client == address else 0)
                scope["scheme"] = _scheme(scope)
        await self._app(scope, receive, send)

    def _believes(self, address: IPAddress) -> bool:
        return any(address in network for network in self._proxies)

    def _client(self, peer: IPAddress, scope: Scope) -> IPAddress:
        """Return the address nearest to us that is not a trusted proxy.

        If a proxy names no valid address, or all addresses are proxies, the farthest proxy counts
        as the client.
        """
        client = peer
        entries = list(_values(scope, b"x-forwarded-for"))[::-1]
        for entry in entries[:_MOST_HOPS]:
            told = _address(entry)
            if told is None:
                break
            client = told
            if not self._believes(client):
                break
        return client


def _address(text: str) -> IPAddress | None:
    """Return the address of `1.2.3.4`, `1.2.3.4:80`, `2001:db8::1` or `[2001:db8::1]:80`.

    The zone of an IPv6 address is dropped, and an IPv4-mapped address is returned as IPv4.
    """
    entry = _ENTRY.fullmatch(text.strip(" \t"))
    if entry is None:
        return None
    bare, _, zone = next(filter(None, entry.groups())).partition("%")
    try:
        address = ip_address(bare)
    except ValueError:
        return None
    if isinstance(address, IPv4Address):
        return None if zone else address
    return address.ipv4_mapped or address


def _scheme(scope: Scope) -> str:
    """Return the scheme that the nearest proxy names, if it is valid."""
    given = list(_values(scope, b"x-forwarded-proto"))
    known = _SCHEMES[scope["type"]]
    current: str = scope["scheme"]
    return known.get(given[-1].lower(), current) if given else current


def _values(scope: Scope, header: bytes) -> Iterator[str]:
    """Yield the values in all headers of a name, in order."""
    for name, value in scope["headers"]:
        if name == header:
            yield from (part.strip(" \t") for part in value.decode("latin-1").split(","))
