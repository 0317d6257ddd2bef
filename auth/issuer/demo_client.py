"""The demo's OAuth client: the GraphiQL page, as a public client of the issuer."""

from typing import Any

import psycopg

from auth.issuer import clients
from auth.issuer.clients import CODE, REFRESH, Client
from auth.issuer.scopes import USUAL


def register(connection: psycopg.Connection[Any], port: int) -> None:
    """Register GraphiQL at a port of this machine. Requires a connection of the owner."""
    pages = [f"http://{host}:{port}/graphql" for host in ("localhost", "127.0.0.1")]
    client = Client(
        client_id="graphiql",
        name="GraphiQL",
        secret_hash=None,
        redirect_uris=pages,
        post_logout_redirect_uris=pages,
        grant_types=[CODE, REFRESH],
        scope=" ".join(USUAL),
        account_id=None,
        trusted=True,
        may_introspect=False,
    )
    clients.register(connection, client)
