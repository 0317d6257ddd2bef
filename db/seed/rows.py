"""Rows for COPY: a named tuple's fields are the columns of its table."""

import random
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta, timezone
from typing import Any, NamedTuple

from psycopg import Connection, sql
from psycopg.types.json import Jsonb

LOCAL = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
"""The time zone of the programme; its offset has not changed since 1975."""


class Bloc(NamedTuple):
    """A row of `emulation_bloc`."""

    id: int
    code: str
    name: str


class Unit(NamedTuple):
    """A row of `unit`, without the path and the count that triggers set."""

    id: int
    code: str
    name: str
    level: str
    parent_id: int | None
    bloc_id: int | None
    member_count: int
    valid_from: date


class Person(NamedTuple):
    """A row of `person`, without the path that triggers set."""

    id: int
    code: str
    name: str
    unit_id: int
    sector: str
    email: str | None
    phone: str | None


class Target(NamedTuple):
    """A row of `target`."""

    unit_id: int
    phase_id: int
    assigned: int | None
    registered: int | None


class TargetRevision(NamedTuple):
    """A row of `target_revision`."""

    id: int
    unit_id: int
    phase_id: int
    kind: str
    value: int | None
    previous: int | None
    reason: str | None
    at: datetime
    account_id: int | None


class Initiative(NamedTuple):
    """A row of `initiative`, without the columns that triggers and the database set."""

    id: int
    number: str
    title: str
    summary: str
    content: str
    solution_type: str
    field: str | None
    sector: str
    unit_id: int
    campaign_id: int
    phase_id: int | None
    state: str
    applied_on: date
    submitted_at: datetime | None
    recognised_at: datetime | None
    confirmed_at: datetime | None
    published_at: datetime | None
    confidential: bool
    claimed: list[int]
    verified: list[int] | None
    other_benefit: str | None
    awaits_id: int | None
    drafted_by_id: int | None
    created_at: datetime


class Authorship(NamedTuple):
    """A row of `authorship`; the share is in percent."""

    initiative_id: int
    person_id: int
    share: int


class DuplicateLink(NamedTuple):
    """A row of `duplicate_link`, without the similarity, which the database calculates."""

    id: int
    initiative_id: int
    original_id: int
    reason: str | None
    decided_at: datetime
    account_id: int | None


class Review(NamedTuple):
    """A row of `review`."""

    id: int
    initiative_id: int
    unit_id: int
    decision: str
    reason: str | None
    scores: Jsonb | None
    decision_number: str | None
    verified: list[int] | None
    at: datetime
    account_id: int | None


def copy(
    connection: Connection,
    table: str,
    columns: Sequence[str],
    rows: Iterable[tuple[Any, ...]],
) -> None:
    """COPY rows into a table as a stream, without collecting them in memory."""
    statement = sql.SQL("copy {} ({}) from stdin").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
    )
    with connection.cursor() as cursor, cursor.copy(statement) as target:
        for row in rows:
            target.write_row(row)


def continue_identities(connection: Connection, tables: Sequence[str]) -> None:
    """Let the `id` sequences of tables with given ids continue after the highest one."""
    for table in tables:
        connection.execute(
            sql.SQL(
                "select setval(pg_get_serial_sequence({0}, 'id'), max(id)) from {1} "
                "having max(id) > 0",
            ).format(sql.Literal(table), sql.Identifier(table)),
        )


def chance(seed: int) -> random.Random:
    """Return a random generator that is the same for the same seed, so that the data is too."""
    return random.Random(seed)  # noqa: S311 - synthetic data needs repeatability, not secrecy
