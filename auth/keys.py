"""The signing keys of the built-in issuer: ES256, stored in the database as JWKs.

The newest key signs. An older key stays published until `retired_at`, for as long as a token that
it signed can be valid.
"""

import json
import uuid
from datetime import timedelta
from typing import Any

import psycopg
from joserfc.jwk import ECKey
from psycopg.rows import tuple_row

ALGORITHM = "ES256"
LONGEST_LIFE = timedelta(days=30)
"""The longest lifetime of a token: the maximum of `sangkien token`."""

PUBLISHED = (
    "select public_jwk::text as jwk from signing_key"
    " where retired_at is null or retired_at > now() order by created_at"
)
_NEWEST = (
    "select private_jwk from signing_key where retired_at is null order by created_at desc limit 1"
)


def current(connection: psycopg.Connection[Any]) -> ECKey | None:
    """Return the newest key that is not retired; None before the first call of `ensure`."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(_NEWEST).fetchone()
    return None if row is None else ECKey.import_key(row[0])


def ensure(connection: psycopg.Connection) -> ECKey:
    """Return the newest key, created where there is none.

    Requires a connection of the owner; the caller commits.
    """
    _lock(connection)
    known = current(connection)
    return _made(connection) if known is None else known


def rotate(connection: psycopg.Connection, *, overlap: timedelta = LONGEST_LIFE) -> ECKey:
    """Create a new signing key; the others stay published for `overlap`.

    Expired keys are deleted. Requires a connection of the owner; the caller commits.
    """
    _lock(connection)
    connection.execute("delete from signing_key where retired_at < now()")
    connection.execute(
        "update signing_key set retired_at = least(retired_at, now() + %s)", (overlap,)
    )
    return _made(connection)


def _lock(connection: psycopg.Connection) -> None:
    connection.execute("select pg_advisory_xact_lock(hashtext('sangkien.signing_key'))")


def _made(connection: psycopg.Connection) -> ECKey:
    key = ECKey.generate_key(
        "P-256", {"kid": uuid.uuid4().hex, "alg": ALGORITHM, "use": "sig"}, private=True
    )
    connection.execute(
        "insert into signing_key (kid, public_jwk, private_jwk) values (%s, %s, %s)",
        (key.kid, json.dumps(key.as_dict(private=False)), json.dumps(key.as_dict(private=True))),
    )
    return key
