"""The audit log's chains: what writers leave whole, and what verification finds and names."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import psycopg
import pytest
from psycopg import Connection, sql

from db import audit_heads
from db.audit_heads import HeadsError
from db.verify_audit import LISTED, verify_audit
from tests.test_cli import run

NAME = "update emulation_bloc set name = %s where id = %s"


def bloc(connection: Connection, key: int) -> None:
    connection.execute(
        "insert into emulation_bloc (id, code, name) values (%s, %s, 'Khối')", [key, f"B{key}"]
    )


@pytest.fixture
def log(database: str) -> Iterator[Connection]:
    """A log of one chain with six events; the owner has taken away what guards it."""
    with psycopg.connect(database) as connection:
        chain = 7
        connection.execute("select set_config('sangkien.audit_at', '7', false)")
        connection.commit()
        bloc(connection, 1)
        connection.commit()
        for number in range(5):
            connection.execute("select set_config('sangkien.reason', 'vì thế', true)")
            connection.execute(NAME, [f"Khối {number}", 1])
            connection.commit()
        assert chained(connection, chain) == [1, 2, 3, 4, 5, 6]
        for table in ("audit_event", "audit_head"):
            connection.execute(f"alter table {table} disable trigger user")
        connection.commit()
        yield connection
        connection.rollback()


def chained(connection: Connection, shard: int) -> list[int]:
    rows = connection.execute(
        "select sequence from audit_event where shard = %s order by sequence", [shard]
    )
    return [sequence for (sequence,) in rows]


def event(connection: Connection, sequence: int) -> int:
    row = connection.execute(
        "select id from audit_event where shard = 7 and sequence = %s", [sequence]
    ).fetchone()
    assert row is not None
    return int(row[0])


def faults(connection: Connection) -> list[str]:
    report = verify_audit(connection)
    assert report.faulty == len(report.faults)
    return [str(fault) for fault in report.faults]


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
                    pass  # taken, or not null
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


# Writers


def test_a_transaction_that_is_rolled_back_leaves_no_gap(database):
    with psycopg.connect(database) as connection:
        bloc(connection, 1)
        connection.rollback()
        bloc(connection, 2)
        with connection.transaction(force_rollback=True):
            bloc(connection, 3)
            bloc(connection, 4)
        bloc(connection, 5)
        connection.commit()
        assert faults(connection) == []
        shard = connection.execute(
            "select shard, count(*) from audit_event where object_type = 'EmulationBloc' group by 1"
        ).fetchall()
        assert [count for _, count in shard] == [2]


def test_a_chain_first_taken_in_a_savepoint_that_fails_is_free_again(database):
    with psycopg.connect(database) as one, psycopg.connect(database) as other_:
        for connection in (one, other_):
            connection.execute("select set_config('sangkien.audit_at', '7', false)")
            connection.commit()
        one.execute("select 1")
        with one.transaction(force_rollback=True):
            bloc(one, 1)
        bloc(other_, 2)
        other_.commit()
        bloc(one, 3)
        one.commit()
        assert chained(one, 7) == [1, 2]
        assert faults(one) == []


def test_a_chain_stays_held_when_a_savepoint_wrote_to_it_and_failed(database):
    with psycopg.connect(database) as one, psycopg.connect(database) as other_:
        for connection in (one, other_):
            connection.execute("select set_config('sangkien.audit_at', '7', false)")
            connection.commit()
        bloc(one, 1)
        with one.transaction(force_rollback=True):
            bloc(one, 2)
        # The same chain is asked for, and another given.
        bloc(other_, 3)
        other_.commit()
        one.commit()
        assert chained(one, 7) == [1]
        assert faults(one) == []


async def test_no_writer_waits_for_another(database):
    connections = [await asyncpg.connect(database) for _ in range(70)]
    for connection in connections:
        await connection.execute("set lock_timeout = '1s'")
        # All ask for the same chain.
        await connection.execute("set sangkien.audit_at = 7; begin")
    for key, connection in enumerate(connections):
        await connection.execute(
            "insert into emulation_bloc (id, code, name) values ($1, $2, 'Khối')", key, f"B{key}"
        )
    await asyncio.gather(*(connection.execute("commit") for connection in connections))
    for connection in connections:
        await connection.close()
    with psycopg.connect(database) as owner:
        report = verify_audit(owner)
    assert (report.events, report.faults) == (71, [])
    assert report.chains >= 70


async def test_chains_hold_whatever_writers_do_at_once(database):
    async def write(number: int) -> None:
        rng = random.Random(number)
        connection = await asyncpg.connect(database)
        for step in range(12):
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute("select set_config('sangkien.audit_at', '7', true)")
            for _ in range(rng.randint(1, 3)):
                await connection.execute(
                    "insert into emulation_bloc (code, name) values ($1, 'Khối')",
                    f"{number}-{step}-{rng.random()}",
                )
                if rng.random() < 0.3:
                    inner = connection.transaction()
                    await inner.start()
                    await connection.execute("update emulation_bloc set name = 'Khác' where id = 1")
                    await inner.rollback()
            await (transaction.rollback() if rng.random() < 0.3 else transaction.commit())
        await connection.close()

    await asyncio.gather(*(write(number) for number in range(12)))
    with psycopg.connect(database) as owner:
        report = verify_audit(owner)
    assert report.faults == []
    assert report.events > 100


def test_deferred_or_not_the_head_is_the_last_event(database):
    with psycopg.connect(database) as connection:
        connection.execute("set constraints all immediate")
        bloc(connection, 1)
        bloc(connection, 2)
        connection.commit()
        assert faults(connection) == []


# Kept heads


def test_heads_that_were_kept_show_a_log_written_anew(log):
    kept = audit_heads.heads(log)
    assert audit_heads.missing(log, kept) == []
    gone = event(log, 6)
    log.execute("delete from audit_event where id = %s", [gone])
    log.execute(
        "update audit_head h set sequence = 5, hash = e.hash from audit_event e"
        " where e.shard = 7 and e.sequence = 5 and h.shard = 7"
    )
    assert faults(log) == []
    (missing,) = audit_heads.missing(log, kept)
    assert str(missing) == "audit event, chain 7, number 6: removed since it was kept"


def test_kept_heads_are_still_there_when_the_log_has_grown(database):
    with psycopg.connect(database) as connection:
        bloc(connection, 1)
        connection.commit()
        kept = audit_heads.heads(connection)
        bloc(connection, 2)
        connection.commit()
        assert audit_heads.heads(connection) != kept
        assert audit_heads.missing(connection, kept) == []


def test_a_file_of_heads_that_was_changed_is_refused(database):
    with psycopg.connect(database) as connection:
        text = audit_heads.written(audit_heads.heads(connection))
    assert audit_heads.written(audit_heads.read(text)) == text
    for wrong in (text.replace(" 1 ", " 2 "), text.rsplit("\n", 2)[0], "", "x\n"):
        with pytest.raises(HeadsError):
            audit_heads.read(wrong)


def test_the_command_line_keeps_heads_and_checks_against_them(database, tmp_path: Path):
    kept = tmp_path / "heads"
    done = run("verify", "--heads", str(kept), SANGKIEN_DATABASE_URL=database)
    assert done.returncode == 0, done.stdout
    assert "1 audit events in 1 chains, 0 faults" in done.stdout
    digest = audit_heads.digest(audit_heads.read(kept.read_text()))
    assert f"audit heads: {digest}" in done.stdout
    with psycopg.connect(database) as owner:
        owner.execute("alter table audit_event disable trigger user")
        owner.execute("update audit_event set reason = 'x'")
        owner.execute("update audit_event e set hash = audit_hash(e)")
        owner.execute(
            "update audit_head h set hash = e.hash from audit_event e where e.shard = h.shard"
        )
    assert run("verify", SANGKIEN_DATABASE_URL=database).returncode == 0
    done = run("verify", "--against", str(kept), SANGKIEN_DATABASE_URL=database)
    assert done.returncode == 1
    assert "altered since it was kept" in done.stdout
    missing = run("verify", "--against", str(tmp_path / "x"), SANGKIEN_DATABASE_URL=database)
    assert (missing.returncode, missing.stderr.count("\n")) == (1, 1)
