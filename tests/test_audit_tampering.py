"""Tampering with the audit log is detected, and each change is named."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import Connection, sql

from db.verify_audit import LISTED, verify_audit
from tests.audit_log import NAME, bloc, event, faults, unguarded


@pytest.fixture
def log(database: str) -> Iterator[Connection]:
    """A log that may be tampered with."""
    with unguarded(database) as connection:
        yield connection


def test_a_log_that_nobody_touched_is_sound(log):
    report = verify_audit(log)
    assert (report.events, report.faults) == (7, [])


def test_an_altered_event_is_named(log):
    altered = event(log, 3)
    log.execute("update audit_event set reason = 'khác' where id = %s", [altered])
    assert faults(log) == [f"audit event {altered}, chain 7, number 3: altered"]


def test_an_event_altered_together_with_its_hash_is_named(log):
    altered = event(log, 3)
    log.execute("update audit_event set reason = 'khác' where id = %s", [altered])
    log.execute("update audit_event e set hash = audit_hash(e) where id = %s", [altered])
    assert faults(log) == [f"audit event {altered}, chain 7, number 3: altered with its hash"]


def test_what_is_removed_in_the_middle_is_named_by_what_follows(log):
    after = event(log, 5)
    log.execute("delete from audit_event where shard = 7 and sequence in (3, 4)")
    assert faults(log) == [f"audit event {after}, chain 7, number 5: 2 removed before it"]


def test_a_removed_end_is_told(log):
    log.execute("delete from audit_event where shard = 7 and sequence > 4")
    assert faults(log) == ["audit log, chain 7: 2 removed at the end, after number 4"]


def test_a_removed_end_stays_to_be_seen_when_writing_goes_on(log):
    log.execute("delete from audit_event where shard = 7 and sequence > 4")
    log.execute("alter table audit_event enable trigger audit_seal")
    log.execute(NAME, ["Khối nữa", 1])
    log.commit()
    goes_on = event(log, 7)
    assert faults(log) == [f"audit event {goes_on}, chain 7, number 7: 2 removed before it"]


def test_a_removed_chain_is_told(log):
    log.execute("delete from audit_event where shard = 7")
    assert faults(log) == ["audit log, chain 7: 6 removed at the end, after number 0"]


def test_events_that_changed_places_are_named(log):
    third, fourth = event(log, 3), event(log, 4)
    log.execute("update audit_event set sequence = -1 where id = %s", [third])
    log.execute("update audit_event set sequence = 3 where id = %s", [fourth])
    log.execute("update audit_event set sequence = 4 where id = %s", [third])
    assert faults(log) == [
        f"audit event {fourth}, chain 7, number 3: reordered, it was number 4 of chain 7",
        f"audit event {third}, chain 7, number 4: reordered, it was number 3 of chain 7",
    ]


def test_an_event_put_into_another_chain_is_named(log):
    last = event(log, 6)
    log.execute("update audit_event set shard = 9, sequence = 1 where id = %s", [last])
    assert faults(log) == [
        "audit log, chain 7: 1 removed at the end, after number 5",
        f"audit event {last}, chain 9, number 1: reordered, it was number 6 of chain 7",
    ]


def insert_after(log: Connection, sequence: int) -> int:
    log.execute(
        """insert into audit_event (shard, sequence, action, kind, previous_hash, hash)
        select shard, sequence + 1, action, kind, hash, '' from audit_event
        where shard = 7 and sequence = %s""",
        [sequence],
    )
    new = event(log, sequence + 1)
    log.execute("update audit_event e set hash = audit_hash(e) where id = %s", [new])
    return new


def test_an_event_inserted_between_others_is_named(log):
    moved = {number: event(log, number) for number in (4, 5, 6)}
    log.execute("update audit_event set sequence = sequence + 100 where shard = 7 and sequence > 3")
    log.execute("update audit_event set sequence = sequence - 99 where shard = 7 and sequence > 99")
    new = insert_after(log, 3)
    assert faults(log) == [
        f"audit event {new}, chain 7, number 4: inserted",
        *(
            f"audit event {key}, chain 7, number {number + 1}:"
            f" reordered, it was number {number} of chain 7"
            for number, key in moved.items()
        ),
    ]


def test_an_event_inserted_at_the_end_is_named(log):
    new = insert_after(log, 6)
    assert faults(log) == [f"audit event {new}, chain 7, number 7: inserted"]


def test_a_second_event_in_one_place_is_named(log):
    log.execute("alter table audit_event drop constraint audit_event_shard_sequence_key")
    log.execute(
        """insert into audit_event (shard, sequence, action, kind, previous_hash, hash)
        select shard, sequence, action, kind, previous_hash, hash from audit_event
        where shard = 7 and sequence = 3""",
    )
    row = log.execute("select max(id) from audit_event").fetchone()
    assert row is not None
    assert f"audit event {row[0]}, chain 7, number 3: inserted" in faults(log)


@pytest.mark.parametrize(
    ("tampering", "told"),
    [
        ("delete from audit_head where shard = 7", "chain 7: head removed"),
        ("delete from audit_head where shard = 8", "chain 8: head removed"),
        ("update audit_head set sequence = 3 where shard = 7", "chain 7: head altered"),
        ("update audit_head set sequence = 9 where shard = 7", "chain 7: head altered"),
        ("update audit_head set hash = 'x' where shard = 8", "chain 8: head altered"),
        (
            "update audit_head set hash = 'x' where shard = 7",
            "number 6: altered with its hash, or its chain's head is",
        ),
        ("insert into audit_head values (-1, 0, 'x')", "chain -1: head inserted"),
    ],
)
def test_a_head_that_is_not_the_chains_is_told(log, tampering, told):
    log.execute(tampering)
    (fault,) = faults(log)
    assert fault.endswith(told)


def others(value: Any, column: str) -> list[Any]:
    """Return values that a cell may be changed to."""
    if column in ("before", "after"):
        return ["null", '{"x": null}', *([] if value is None else [None])]
    if isinstance(value, bytes):
        return [bytes([value[0] ^ 1]) + value[1:], value[1:], b"", value + b"0"]
    if isinstance(value, int):
        return [value - 1, value + 1, value + 9_999, None]
    if isinstance(value, datetime):
        return [value + timedelta(microseconds=1), value - timedelta(days=1)]
    if value is None:
        return [0, -1] if column.endswith("_id") else ["", "null"]
    return [f"{value} ", f" {value}", "", None]


def test_a_change_of_any_one_cell_is_found(log):
    columns = [column.name for column in log.execute("select * from audit_event").description]
    log.execute("alter table audit_event drop constraint audit_event_kind_check")
    log.commit()
    tried = Counter()
    for number in (1, 3, 6):
        key = event(log, number)
        for column in columns:
            name = sql.Identifier(column)
            cell = sql.SQL("select {} from audit_event where id = %s").format(name)
            ((value,),) = log.execute(cell, [key]).fetchall()
            cast = sql.SQL("::jsonb" if column in ("before", "after") else "")
            update = sql.SQL("update audit_event set {} = %s{} where id = %s").format(name, cast)
            for change in others(value, column):
                try:
                    log.execute(update, [change, key])
                except psycopg.errors.IntegrityError:
                    pass  # a unique or not-null constraint rejects it
                else:
                    assert faults(log), f"{column} of number {number}: {value} became {change}"
                    tried[column] += 1
                log.rollback()
    assert len(columns) == 18
    assert set(tried) == set(columns)


def test_all_faults_are_counted_and_the_first_are_listed(log):
    for number in range(LISTED):
        log.execute(NAME, [f"Khối số {number}", 1])
    log.execute("alter table audit_event enable trigger audit_seal")
    log.execute("update audit_event set action = 'x'")
    report = verify_audit(log)
    assert report.faulty > LISTED == len(report.faults)


def test_nobody_changes_the_log_not_even_its_owner(database):
    with psycopg.connect(database, autocommit=True) as owner:
        bloc(owner, 1)
        for statement in (
            "update audit_event set action = 'x'",
            "delete from audit_event",
            "truncate audit_event",
            "delete from audit_head",
            "truncate audit_head",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
                owner.execute(statement)
