"""From where a request comes."""

from starlette.requests import HTTPConnection


def address_of(connection: HTTPConnection) -> str | None:
    """Return the address of whoever connects, as the audit log tells it; None for a socket file."""
    client = connection.client
    return client.host if client else None
