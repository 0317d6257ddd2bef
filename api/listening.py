"""Listening addresses: their family, and whether only this machine can reach them."""

import socket
from ipaddress import IPv6Address, ip_address

_NAME = "localhost"


def is_loopback(host: str) -> bool:
    """Return whether a listening address only resolves to addresses of this machine.

    An address counts in each form that the system's resolver accepts (`127.1`, `0x7f.1`). Of names
    only `localhost` counts, because others can resolve to other machines later.
    """
    name = host.lower().removesuffix(".")
    named = name == _NAME or name.endswith(f".{_NAME}")
    try:
        found = socket.getaddrinfo(
            _NAME if named else host,
            None,
            type=socket.SOCK_STREAM,
            flags=0 if named else socket.AI_NUMERICHOST,
        )
    except (OSError, UnicodeError):
        return False
    return bool(found) and all(_is_loopback(str(address[0])) for *_, address in found)


def _is_loopback(address: str) -> bool:
    found = ip_address(address)
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return (mapped or found).is_loopback


def family_of(host: str) -> socket.AddressFamily:
    """Return the address family of sockets that listen at an address."""
    return socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
