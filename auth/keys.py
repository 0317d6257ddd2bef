"""The key pairs of the built-in issuer: ES256, kept in the database as JWKs."""

import json
import uuid

import psycopg
from joserfc.jwk import ECKey

ALGORITHM = "ES256"


_NEWEST = (
    "select private_jwk from signing_key where retired_at is null order by created_at desc limit 1"
)


def current(connection: psycopg.Connection) -> ECKey | None:
    """Return the newest key that is not retired; None before `ensure` was ever called."""
    row = connection.execute(_NEWEST).fetchone()
    return None if row is None else ECKey.import_key(row[0])


def ensure(connection: psycopg.Connection) -> ECKey:
    """Return the newest key, made where there is none.

    Takes a connection of the owner; the caller commits.
    """
    connection.execute("select pg_advisory_xact_lock(hashtext('sangkien.signing_key'))")
    known = current(connection)
    if known is not None:
        return known
    key = ECKey.generate_key(
        "P-256", {"kid": uuid.uuid4().hex, "alg": ALGORITHM, "use": "sig"}, private=True
    )
    connection.execute(
        "insert into signing_key (kid, public_jwk, private_jwk) values (%s, %s, %s)",
        (key.kid, json.dumps(key.as_dict(private=False)), json.dumps(key.as_dict(private=True))),
    )
    return key
