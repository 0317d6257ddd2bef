"""Sessions bound to a caller: what row-level security knows of who is asking.

A binding ends with its transaction, so nothing of one caller can reach the next. A read is one
statement, and so one round trip: it binds itself, to a read-only transaction of its own.
db/transactions.py has the writes.
"""

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import asyncpg

from db import outages
from db.cache import Cache
from db.pool import Link, Pool, Seen, Usage
from db.request_context import Statement
from db.unavailable import UnavailableError

ONE_AT_A_TIME = "SK002"  # raised by verification_turn (db/sql/verification.sql)
GRANTS_CHANGED = "SK001"  # raised by check_grants (db/sql/account.sql)
_PATH = re.compile(r"[0-9]+(\.[0-9]+)*")
_SETTING = re.compile(r"[a-z_]+")
_CAN = re.compile(r"[0-9A-Z_@.,;=]+")
# A statement binds itself by a condition before it: CASE evaluates what is after THEN only once
# that is true, and an uncorrelated subquery is not run before it is asked for. Were it otherwise,
# nothing would be visible.
#
# A setting costs a microsecond, and few statements ask for these: those with such a word in them.
# tests/test_bound_settings.py looks in the database who asks for what.
SELDOM = {
    "sangkien.can": ("viewer_can",),
    "sangkien.tokens": ("access_token", "token_family", "oauth_client", "consent"),
    "sangkien.standing_read": ("standing",),
    "sangkien.grant_read": ("grant", "account", "token_family", "oauth_client", "service_"),
    "sangkien.audit_read": ("audit",),
    "sangkien.verify": ("verification",),
    "sangkien.unit_granted_alone": ("history", "revision", "adjustment", "award"),
    "sangkien.initiative_review_alone": ("reviewed_",),
    "sangkien.initiative_read": ("initiative", "author", "review", "duplicate", "person"),
    "sangkien.content_read": ("content_read",),
    "sangkien.person_read": ("person", "account", "membership"),
    "sangkien.person_masked": ("person", "account", "membership"),
}
_OF_BOUND = 12_000_000  # bytes of the statements that are kept bound
ANONYMOUS_MS = 900
"""Milliseconds that a statement of an anonymous caller may take."""
# Seconds more that a read of an anonymous caller may have a connection: the limit of a statement
# begins anew when it has been parsed, and again when it has been planned.
_ROUND_TRIPS = 0.1
_LOOKUPS = 2  # connections for who a caller is, so that no heavy read is in their way
_WAIT = 5.0  # seconds for a connection
_CHECK = "(select true from check_grants(${account}, ${version}))"


class GrantsChangedError(Exception):
    """The caller's grants are not those that its scopes were worked out from."""


class OneAtATimeError(Exception):
    """What runs one at a time runs already."""


class TooSlowError(Exception):
    """The statement ran into the reader's time limit."""


@dataclass(frozen=True)
class Binding:
    """What a transaction is bound to: settings by name, their values, and the grants to check.

    `checked` are the account and the version of its grants, empty where they are not checked.
    """

    names: tuple[str, ...]
    values: tuple[str, ...]
    checked: tuple[int, ...] = ()

    def bind(self, sql: str, values: Sequence[Any]) -> tuple[str, list[Any]]:
        """Return a statement that binds itself, to what it may ask for, and its parameters."""
        statement, own = self._bind(sql, len(values), whole=False)
        return statement, [*values, *own]

    def bind_all(self, sql: str) -> tuple[str, list[Any]]:
        """Return a statement that binds the transaction it stands in to everything."""
        return self._bind(sql, 0, whole=True)

    def _bind(self, sql: str, count: int, *, whole: bool) -> tuple[str, list[Any]]:
        statement, places = _bound(sql, count, self.names, checked=bool(self.checked), whole=whole)
        return statement, [*map(self.values.__getitem__, places), *self.checked]


_BOUND: Cache[tuple[str, tuple[int, ...]]] = Cache(
    2_048,
    name="bound statements",
    weigh=lambda key, bound: len(key[0]) + len(bound[0]),
    most=_OF_BOUND,
)


def _bound(
    sql: str, count: int, names: tuple[str, ...], *, checked: bool, whole: bool
) -> tuple[str, tuple[int, ...]]:
    """Return what `_conditioned` makes of a statement, kept within a weight."""
    return _BOUND.remember(
        (sql, count, names, checked, whole),
        lambda: _conditioned(sql, count, names, checked=checked, whole=whole),
    )


def _conditioned(
    sql: str, count: int, names: tuple[str, ...], *, checked: bool, whole: bool
) -> tuple[str, tuple[int, ...]]:
    """Return a statement of `count` parameters that binds itself, and the places of its settings.

    Parameters that follow: the values of these settings, and, where the grants are to be checked,
    the account's id and their version.
    """
    places = tuple(
        place
        for place, name in enumerate(names)
        if whole or any(word in sql for word in SELDOM.get(name, ("",)))
    )
    conditions = [
        f"set_config('{names[place]}', ${number}, true) is not null"
        for number, place in enumerate(places, count + 1)
    ]
    if checked:
        last = count + len(places)
        conditions.insert(0, _CHECK.format(account=last + 1, version=last + 2))
    return f"select case when {' and '.join(conditions)} then ({sql}) end", places


@dataclass(frozen=True)
class Caller:
    """Who is asking: `scopes` maps a scope's name to unit paths; `person_id` opens own records.

    `writes` are the scopes of what the caller may change, which only a write needs: a name for
    subtrees, and the name with `_alone` for units without what is below. Without a
    `grants_version` they are not checked against the account's grants. With `own_tokens` the
    account's access tokens are seen, and kept by whoever writes at all: made with or without a
    second factor (`one_factor`), in the authorization `family` if there is one, and not by a
    sign-in that is `stale`. Who is `read_only` cannot begin to write.
    """

    account_id: int
    grants_version: int | None
    person_id: int | None
    scopes: Mapping[str, Sequence[str]]
    can: str = ""
    today: date | None = None
    writes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    own_tokens: bool = False
    read_only: bool = False
    one_factor: bool = False
    stale: bool = False
    family: str | None = None
    reading: Binding = field(init=False)
    writing: Binding | None = field(init=False)

    def __post_init__(self) -> None:
        """Write down what a read binds itself to, and what a transaction that writes."""
        settings = {"account": str(int(self.account_id))}
        if self.person_id is not None:
            settings["person"] = str(int(self.person_id))
        if self.today is not None:
            settings["today"] = self.today.isoformat()
        if self.can:
            settings["can"] = _checked(_CAN, self.can)
        tokens = {"tokens": "on"} if self.own_tokens else {}
        kept = tokens if self.keeps_tokens else {}
        reading = self._binding(
            {**settings, **tokens, **_arrays(self.scopes)}, transaction_read_only="on"
        )
        if not self.writes:
            settings.pop("person", None)  # who writes nowhere does not write its own either
        writing = self._binding({**settings, **kept, **_arrays({**self.scopes, **self.writes})})
        object.__setattr__(self, "reading", reading)
        object.__setattr__(self, "writing", None if self.read_only else writing)

    def _binding(self, settings: Mapping[str, str], **others: str) -> Binding:
        named = {f"sangkien.{_checked(_SETTING, name)}": value for name, value in settings.items()}
        named |= others
        checked = () if self.grants_version is None else (self.account_id, self.grants_version)
        return Binding(tuple(named), tuple(named.values()), checked)

    @property
    def is_anonymous(self) -> bool:
        """Whether it is the public account, as which everybody reads who is not signed in."""
        return self.account_id == 0

    @property
    def keeps_tokens(self) -> bool:
        """Whether the caller may make and revoke tokens of its account."""
        return self.own_tokens and bool(self.writes)

    def may(self, permission: str, path: str) -> bool:
        """Whether the caller may write by a permission at the unit with this path."""
        return path in self.writes.get(f"{permission}_alone", ()) or any(
            path == top or path.startswith(f"{top}.") for top in self.writes.get(permission, ())
        )


def _arrays(scopes: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {
        name: "{" + ",".join(_checked(_PATH, path) for path in paths) + "}"
        for name, paths in scopes.items()
        if paths
    }


def _checked(pattern: re.Pattern[str], text: str) -> str:
    if pattern.fullmatch(text) is None:
        raise ValueError(f"not a {pattern.pattern}: {text!r}")
    return text


class Reader:
    """Read-only sessions of the reader role."""

    def __init__(
        self,
        url: str,
        *,
        size: int = 8,
        pooler: bool = False,
        anonymous_ms: int = ANONYMOUS_MS,
    ) -> None:
        """Take the URL of the reader role and how many connections there may be at most.

        Anonymous callers have a quarter as many of their own, for `anonymous_ms` a statement, and
        look-ups two. With a `pooler` in transaction mode between, nothing is prepared.
        """
        self._pooler = pooler
        self._anonymous_ms = anonymous_ms
        seen = None if pooler else Seen()
        options: dict[str, Any] = {
            "seen": seen,
            "init": take_json_as_bytes,
            "command_timeout": 15,
            "statement_cache_size": 0,
        }
        # A pooler does not take it along, and a transaction of its own has it then.
        short = {} if pooler else {"statement_timeout": str(anonymous_ms)}
        self._pool = Pool(url, size=size, **options)
        self._anonymous = Pool(url, size=max(size // 4, 1), settings=short, **options)
        self._lookups = Pool(url, size=_LOOKUPS, shared=False, **options)

    async def close(self) -> None:
        """Close every connection."""
        for pool in (self._pool, self._anonymous, self._lookups):
            await pool.close()

    def usage(self) -> dict[str, Usage]:
        """Return how far each pool is used, by its name."""
        return {
            "reader": self._pool.usage(),
            "anonymous": self._anonymous.usage(),
            "look-ups": self._lookups.usage(),
        }

    async def fetch_json(self, caller: Caller, sql: str, values: Sequence[Any]) -> bytes:
        """Run one statement as `caller` and return the JSON text it yields.

        Raises GrantsChangedError, TooSlowError, UnavailableError.
        """
        with translating():
            if caller.is_anonymous:
                return await self._fetch_in_time(caller, sql, values)
            async with self._pool.link(_WAIT) as link:
                return await read(link, caller, sql, values)

    async def _fetch_in_time(self, caller: Caller, sql: str, values: Sequence[Any]) -> bytes:
        limit = self._anonymous_ms if self._pooler else None
        async with self._anonymous.link(_WAIT) as link:
            try:
                async with asyncio.timeout(self._anonymous_ms / 1_000 + _ROUND_TRIPS):
                    return await read(link, caller, sql, values, limit)
            except TimeoutError:
                raise TooSlowError from None

    async def fetch_row(self, sql: str, *values: Any) -> Mapping[str, Any] | None:
        """Run one statement that needs no caller, such as the look-up of a caller."""
        with translating():
            async with self._lookups.link(_WAIT) as link:
                with Statement(sql):
                    return next(iter(await link.rows(sql, values)), None)

    async def fetch_rows(self, sql: str, *values: Any) -> list[Mapping[str, Any]]:
        """Like `fetch_row`, for all rows."""
        with translating():
            async with self._lookups.link(_WAIT) as link:
                with Statement(sql):
                    return list(await link.rows(sql, values))


async def read(
    link: Link,
    caller: Caller,
    sql: str,
    values: Sequence[Any],
    milliseconds: int | None = None,
) -> bytes:
    """Return the JSON text of one statement that `caller` reads by, in a transaction of its own."""
    statement, parameters = caller.reading.bind(sql, values)
    try:
        with Statement(sql):
            if milliseconds is None:
                result: bytes = await link.value(statement, parameters)
            else:
                begin = f"begin read only; set local statement_timeout = {milliseconds}"
                await link.connection.execute(begin)
                result = await link.value(statement, parameters)
                await link.connection.execute("commit")
    except asyncpg.PostgresError:
        if milliseconds is not None:
            link.connection.terminate()
        raise
    except (Exception, asyncio.CancelledError) as error:
        # Its state is unknown: better a new connection than one that still runs a statement.
        if discarded(link.connection) and isinstance(error, Exception):
            raise UnavailableError(outages.cause(error)) from error
        raise
    return result


def discarded(connection: asyncpg.Connection) -> bool:
    """Close a connection at once; return whether it was lost already, so that any error follows."""
    try:
        lost: bool = connection.is_closed()
        connection.terminate()
    except asyncpg.InterfaceError:
        return True  # the pool has noticed before
    return lost


async def take_json_as_bytes(connection: asyncpg.Connection) -> None:
    """Have a connection return values of the type json as their text."""
    await connection.set_type_codec(
        "json", schema="pg_catalog", format="binary", encoder=bytes, decoder=bytes
    )


def translated(error: Exception) -> Exception:
    """Return what an error of the database means here; the error itself where nothing else."""
    if getattr(error, "sqlstate", None) == GRANTS_CHANGED:
        return GrantsChangedError()
    if getattr(error, "sqlstate", None) == ONE_AT_A_TIME:
        return OneAtATimeError()
    if isinstance(error, asyncpg.QueryCanceledError):
        return TooSlowError()
    if isinstance(error, UnavailableError) or not outages.is_outage(error):
        return error
    return UnavailableError(outages.cause(error))


@contextmanager
def translating() -> Iterator[None]:
    """Raise what errors of the database mean here in their place."""
    try:
        yield
    except Exception as error:
        meant = translated(error)
        if meant is error:
            raise
        raise meant from error
