"""Sessions bound to a caller: the settings that row-level security reads.

A binding ends with its transaction, so nothing of one caller can reach the next. A read is one
statement, and so one round trip: the statement binds a read-only transaction of its own.
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
# A statement binds its own transaction by a condition: CASE evaluates what is after THEN only once
# the condition is true, and an uncorrelated subquery runs only when its value is needed. Otherwise
# no row would be visible.
#
# A setting costs a microsecond, and few statements read the settings below: those that contain one
# of the words. tests/test_bound_settings.py checks in the database what reads which setting.
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
_OF_BOUND = 12_000_000  # total length of the cached bound statements
ANONYMOUS_MS = 900
"""Statement timeout of anonymous callers in milliseconds."""
# Seconds that a read of an anonymous caller may have a connection in addition: the statement
# timeout restarts after parsing, and again after planning.
_ROUND_TRIPS = 0.1
_LOOKUPS = 2  # connections for look-ups of callers, so that heavy reads do not block them
_WAIT = 5.0  # seconds to wait for a connection
_CHECK = "(select true from check_grants(${account}, ${version}))"


class GrantsChangedError(Exception):
    """The caller's scopes were computed from role grants that have changed since."""


class OneAtATimeError(Exception):
    """An action that runs one at a time is running already."""


class TooSlowError(Exception):
    """The statement exceeded the reader's time limit."""


@dataclass(frozen=True)
class Binding:
    """The settings of a transaction, by name and value, and the version of grants to check.

    `checked` is the account's id and the version of its role grants, empty for no check.
    """

    names: tuple[str, ...]
    values: tuple[str, ...]
    checked: tuple[int, ...] = ()

    def bind(self, sql: str, values: Sequence[Any]) -> tuple[str, list[Any]]:
        """Return a statement that binds itself with the settings it may read, and parameters."""
        statement, own = self._bind(sql, len(values), whole=False)
        return statement, [*values, *own]

    def bind_all(self, sql: str) -> tuple[str, list[Any]]:
        """Return a statement that binds its transaction with all settings, and parameters."""
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
    """Return the result of `_conditioned`, from a cache of bounded weight."""
    return _BOUND.remember(
        (sql, count, names, checked, whole),
        lambda: _conditioned(sql, count, names, checked=checked, whole=whole),
    )


def _conditioned(
    sql: str, count: int, names: tuple[str, ...], *, checked: bool, whole: bool
) -> tuple[str, tuple[int, ...]]:
    """Return a self-binding statement of `count` parameters, and the indices of its settings.

    Further parameters: the values of these settings and, where the role grants are checked, the
    account's id and their version.
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
    """The caller: `scopes` maps a scope's name to unit paths; `person_id` opens its own records.

    `writes` are the scopes that only writes need: a permission's name for subtrees, and the name
    with `_alone` for units without their subtree. Without a `grants_version` they are not checked
    against the account's role grants. With `own_tokens` the caller sees its account's access
    tokens, and creates and revokes them if it may write at all: with or without a second factor
    (`one_factor`), in the authorization `family` if there is one, and not with a `stale` sign-in.
    A `read_only` caller cannot open a write transaction.
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
        """Compute the bindings of reads and writes."""
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
            settings.pop("person", None)  # without `writes`, its own records are not writable
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
        """Whether it is the public account, which all anonymous callers share."""
        return self.account_id == 0

    @property
    def keeps_tokens(self) -> bool:
        """Whether the caller may create and revoke tokens of its account."""
        return self.own_tokens and bool(self.writes)

    def may(self, permission: str, path: str) -> bool:
        """Return whether the caller may write with a permission at the unit with this path."""
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
        """Set the URL of the reader role and the maximum number of connections.

        Anonymous callers have a quarter as many in a pool of their own, for `anonymous_ms` per
        statement, and look-ups two. With a `pooler` in transaction mode, no statement gets a name.
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
        # A pooler rejects this start-up setting; the read's own transaction then sets it.
        short = {} if pooler else {"statement_timeout": str(anonymous_ms)}
        self._pool = Pool(url, size=size, **options)
        self._anonymous = Pool(url, size=max(size // 4, 1), settings=short, **options)
        self._lookups = Pool(url, size=_LOOKUPS, shared=False, **options)

    async def close(self) -> None:
        """Close every connection."""
        for pool in (self._pool, self._anonymous, self._lookups):
            await pool.close()

    def usage(self) -> dict[str, Usage]:
        """Return the usage of each pool, by its name."""
        return {
            "reader": self._pool.usage(),
            "anonymous": self._anonymous.usage(),
            "look-ups": self._lookups.usage(),
        }

    async def fetch_json(self, caller: Caller, sql: str, values: Sequence[Any]) -> bytes:
        """Run one statement as `caller` and return its result, a JSON text.

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
        """Run a statement that needs no caller, such as a caller's look-up, for its first row."""
        with translating():
            async with self._lookups.link(_WAIT) as link:
                with Statement(sql):
                    return next(iter(await link.rows(sql, values)), None)

    async def fetch_rows(self, sql: str, *values: Any) -> list[Mapping[str, Any]]:
        """Run a statement that needs no caller, and return all rows."""
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
    """Run one statement as `caller`, in a transaction of its own, and return its JSON text."""
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
        # The connection's state is unknown: close it, as it may still run a statement.
        if discarded(link.connection) and isinstance(error, Exception):
            raise UnavailableError(outages.cause(error)) from error
        raise
    return result


def discarded(connection: asyncpg.Connection) -> bool:
    """Close a connection at once; return whether it was lost already, which explains any error."""
    try:
        lost: bool = connection.is_closed()
        connection.terminate()
    except asyncpg.InterfaceError:
        return True  # the pool has closed it before
    return lost


async def take_json_as_bytes(connection: asyncpg.Connection) -> None:
    """Let a connection return values of the type json as their text."""
    await connection.set_type_codec(
        "json", schema="pg_catalog", format="binary", encoder=bytes, decoder=bytes
    )


def translated(error: Exception) -> Exception:
    """Return the exception of this module for a driver's error, or the error itself."""
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
    """Translate the driver's errors that the block raises."""
    try:
        yield
    except Exception as error:
        meant = translated(error)
        if meant is error:
            raise
        raise meant from error
