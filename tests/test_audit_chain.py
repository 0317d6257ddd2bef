"""The audit log's chains are complete whatever writers do; their heads can be stored elsewhere."""

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psycopg
import pytest
from psycopg import Connection

from db import audit_heads
from db.audit_heads import HeadsError
from db.url import WRITER, with_role
from db.verify_audit import verify_audit
from tests.audit_log import bloc, chained, event, faults, unguarded
from tests.test_cli import run

MADE_UP = "select set_config('sangkien.audit_at', '7.999999', true)"


@pytest.fixture
def log(database: str) -> Iterator[Connection]:
    """A log that may be tampered with."""
    with unguarded(database) as connection:
        yield connection


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
        assert chained(one) == [1, 2]
        assert faults(one) == []


def test_a_chain_stays_held_when_a_savepoint_wrote_to_it_and_failed(database):
    with psycopg.connect(database) as one, psycopg.connect(database) as other_:
        for connection in (one, other_):
            connection.execute("select set_config('sangkien.audit_at', '7', false)")
            connection.commit()
        bloc(one, 1)
        with one.transaction(force_rollback=True):
            bloc(one, 2)
        # The same chain is requested, and another one is assigned.
        bloc(other_, 3)
        other_.commit()
        one.commit()
        assert chained(one) == [1]
        assert faults(one) == []


async def test_no_writer_waits_for_another(database):
    connections = [await asyncpg.connect(database) for _ in range(70)]
    for connection in connections:
        await connection.execute("set lock_timeout = '1s'")
        # All request the same chain.
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


def test_a_place_that_a_writer_makes_up_harms_no_chain(database):
    note = "select audit_note('NOTED', null, null, null, '{}')"
    with psycopg.connect(with_role(database, WRITER)) as writer:
        for _ in range(2):
            writer.execute(MADE_UP)
            writer.execute(note.encode())
            writer.execute(MADE_UP)
            writer.commit()
    with psycopg.connect(database) as owner:
        assert faults(owner) == []
        assert chained(owner) == [1, 2]


def test_deferred_or_not_the_head_is_the_last_event(database):
    with psycopg.connect(database) as connection:
        connection.execute("set constraints all immediate")
        bloc(connection, 1)
        bloc(connection, 2)
        connection.commit()
        assert faults(connection) == []


# Stored heads


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


def shortened(kept: Path, keep) -> None:
    """Remove heads from a file, and compute its digest again."""
    left = [head for head in audit_heads.read(kept.read_text()) if keep(head)]
    kept.write_text(audit_heads.written(left))


def test_a_file_of_heads_that_was_shortened_is_found_out(database, tmp_path: Path):
    kept = tmp_path / "heads"
    assert run("verify", "--heads", str(kept), SANGKIEN_DATABASE_URL=database).returncode == 0
    sound = run("verify", "--against", str(kept), SANGKIEN_DATABASE_URL=database)
    assert (sound.returncode, "0 faults" in sound.stdout) == (0, True)
    digest = audit_heads.digest(audit_heads.read(kept.read_text()))
    assert f"kept heads: {digest} (1 events in 1 of 1,024 chains)" in sound.stdout
    shortened(kept, lambda head: head.sequence == 0)
    done = run("verify", "--against", str(kept), SANGKIEN_DATABASE_URL=database)
    assert done.returncode == 1
    assert "the kept file has no line of it" in done.stdout
    kept.write_text(audit_heads.written([]))
    assert run("verify", "--against", str(kept), SANGKIEN_DATABASE_URL=database).returncode == 1


def test_heads_that_claim_an_earlier_end_than_the_log_had_are_found_out(log):
    kept = audit_heads.heads(log)
    assert audit_heads.omitted(log, kept) == []
    last = max(kept, key=lambda head: head.sequence)
    assert last.sequence > 1
    log.execute("alter table audit_event disable trigger user")
    log.execute("update audit_event set at = at - interval '3 days' where shard = %s", [last.shard])
    log.execute("update audit_event set at = now() where (shard, sequence) = (%s, 1)", [last.shard])
    earlier = [head._replace(sequence=1) if head == last else head for head in kept]
    (found,) = audit_heads.omitted(log, earlier)
    assert (found.shard, found.sequence) == (last.shard, 2)
    assert "older than the kept file" in str(found)


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
        owner.execute("alter table audit_event enable trigger user")
    assert run("verify", SANGKIEN_DATABASE_URL=database).returncode == 0
    done = run("verify", "--against", str(kept), SANGKIEN_DATABASE_URL=database)
    assert done.returncode == 1
    assert "altered since it was kept" in done.stdout
    missing = run("verify", "--against", str(tmp_path / "x"), SANGKIEN_DATABASE_URL=database)
    assert (missing.returncode, missing.stderr.count("\n")) == (1, 1)
