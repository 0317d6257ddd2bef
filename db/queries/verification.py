"""Verification: stored totals, the audit log, and the objects of the database."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Text,
    column,
    func,
    literal_column,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from db import catalogue
from db.queries.rows import Row

# The reader is the session's own role; the others are found by what they own or were granted.
_READER = "current_user"
_OWNER = """(
    select pg_get_userbyid(relowner) from pg_class where oid = 'alembic_version'::regclass
)"""
_WRITER = """(
    select pg_get_userbyid(grantee) from pg_attribute, aclexplode(attacl)
    where attrelid = 'campaign'::regclass and attname = 'title' and privilege_type = 'UPDATE'
    order by grantee limit 1
)"""
_COMPARED = """
    select coalesce(f.kind, w.kind) as kind, coalesce(f.name, w.name) as name, case
        when f.name is null then 'MISSING'
        when f.kind like 'owner of %' then case when f.definition <> 'owner' then 'OWNER' end
        when f.definition like '%disabled' then 'DISABLED'
        when w.name is null then 'UNEXPECTED'
        when w.digest <> left(md5(f.definition), 16) then 'CHANGED'
    end as fault
    from ({objects}) as f
    full join jsonb_to_recordset(cast({expected} as jsonb)) as w (kind text, name text, digest text)
        on w.kind = f.kind and w.name = f.name
    where sees_all('verify')
"""
_COUNTS: Mapping[str, TypeEngine[Any]] = {"differing": BigInteger(), "differences": JSONB()}


def totals(_: Row) -> Select[Any]:
    """Return the number of compared cells of totals, and the differences; no row without VERIFY."""
    found = func.verification_totals().table_valued(
        column("cells", BigInteger()), *_columns(_COUNTS)
    )
    return select(*found.c)


def total_differences(of: Row) -> Select[Any]:
    """Return the differing cells, at most 100."""
    texts = dict.fromkeys(("campaign", "detail", "counter", "kept", "counted"), Text())
    return _listed(of.differences, {"unit_id": BigInteger(), "phase": BigInteger(), **texts})


def audit_log(_: Row) -> Select[Any]:
    """Return the number of checked audit events, and the faults; only with VERIFY at the root."""
    columns = {"events": BigInteger(), "chains": BigInteger(), "faulty": BigInteger()}
    found = func.verification_audit().table_valued(*_columns(columns), column("faults", JSONB()))
    return select(*found.c)


def audit_faults(of: Row) -> Select[Any]:
    """Return the faults of the audit log, at most 100."""
    numbers = dict.fromkeys(("event_id", "shard", "sequence"), BigInteger())
    return _listed(of.faults, {**numbers, "fault": Text()})


def objects(_: Row) -> Select[Any]:
    """Return the number of compared objects, and the differences; only with VERIFY at the root."""
    every = catalogue.query(_READER, _WRITER, _OWNER)
    compared = (
        text(_COMPARED.format(objects=every, expected=_expected()))
        .columns(column("kind", Text()), column("name", Text()), column("fault", Text()))
        .subquery("compared")
    )
    differs = compared.c.fault.is_not(None)
    listed = func.jsonb_agg(func.to_jsonb(literal_column("compared"))).filter(differs)
    columns: list[ColumnElement[Any]] = [
        func.count().label("compared"),
        func.count().filter(differs).label("differing"),
        func.coalesce(listed, literal_column("'[]'::jsonb")).label("differences"),
    ]
    return select(*columns).select_from(compared).having(func.sees_all("verify"))


def object_differences(of: Row) -> Select[Any]:
    """Return the differing objects."""
    found = _listed(of.differences, dict.fromkeys(("kind", "name", "fault"), Text()))
    return found.order_by(text("kind, name"))


def _expected() -> str:
    """Return the expected objects as an SQL constant."""
    rows = [
        {"kind": kind, "name": name, "digest": digest}
        for (kind, name), digest in catalogue.expected().items()
    ]
    return "'" + json.dumps(rows).replace("'", "''") + "'"


def _listed(value: Any, columns: Mapping[str, TypeEngine[Any]]) -> Select[Any]:
    """Return the rows in a JSON array."""
    listed = (
        func.jsonb_to_recordset(value)
        .table_valued(*_columns(columns))
        .render_derived(with_types=True)
    )
    return select(*listed.c)


def _columns(columns: Mapping[str, TypeEngine[Any]]) -> list[Any]:
    return [column(name, type_) for name, type_ in columns.items()]
