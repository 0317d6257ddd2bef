"""The client address of a connection."""

from starlette.requests import HTTPConnection


def address_of(connection: HTTPConnection) -> str | None:
    """Return the client's address, as recorded in audit events; None on a Unix socket."""
    client = connection.client
    return client.host if client else None
