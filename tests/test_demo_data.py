"""Queries return the demo's figures exactly. Source of the figures: PROGRAMME.md."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import psycopg
import pytest
from psycopg.abc import Query

from db.seed.demo import load

# Values that differ between two loads: salted hashes and the moment of loading; and keys, which
# sign-ins in tests have created.
OF_ITS_LOAD = {"account": {"password_hash", "created_at"}, "role_grant": {"granted_at"}}


@pytest.fixture
def data(demo: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(demo) as connection:
        connection.read_only = True
        yield connection


def one(data: psycopg.Connection, query: Query) -> Any:
    row = data.execute(query).fetchone()
    assert row is not None
    return row[0] if len(row) == 1 else row


def total(data: psycopg.Connection, unit: str, ordinal: int, column: str) -> int:
    return int(
        one(
            data,
            f"""select sum(r.{column}) from rollup r join unit u on u.id = r.unit_id
            join campaign c on c.id = r.campaign_id
            where u.code = '{unit}' and c.code = '1TRSK' and r.ordinal = {ordinal}""",
        ),
    )


def tiers(data: psycopg.Connection, unit: str, ordinal: int) -> dict[str, int]:
    return dict(
        data.execute(
            f"""select t.label, sum(r.achieved)::int
            from rollup_tier r join unit u on u.id = r.unit_id
            join benefit_tier t on t.id = r.tier_id
            where u.code = '{unit}' and r.ordinal = {ordinal} group by t.label""",
        ).fetchall(),
    )


def target(data: psycopg.Connection, unit: str, ordinal: int) -> tuple[int, int]:
    assigned, registered = one(
        data,
        f"""select assigned, registered from target t join unit u on u.id = t.unit_id
        join phase p on p.id = t.phase_id where u.code = '{unit}' and p.ordinal = {ordinal}""",
    )
    return assigned, registered


class TestFigures:
    def test_phase_1_achieved_3572_of_3000(self, data: psycopg.Connection) -> None:
        achieved = total(data, "TTTT", 1, "achieved")
        assigned, registered = target(data, "TTTT", 1)
        assert (achieved, assigned, registered) == (3572, 3000, 3000)
        assert round(100 * achieved / registered, 2) == 119.07

    def test_raw_rows_say_the_same(self, data: psycopg.Connection) -> None:
        count = one(
            data,
            """select count(*) from initiative i join phase p on p.id = i.phase_id
            join unit u on u.path @> i.path and u.code = 'TTTT'
            where p.ordinal = 1 and i.state in ('RECOGNISED', 'CONFIRMED')""",
        )
        assert count == 3572

    def test_39_above_5_billion_and_14_from_20_to_100_billion(
        self, data: psycopg.Connection
    ) -> None:
        assert tiers(data, "TTTT", 1) == {"trên 5 tỷ đồng": 39, "20 đến 100 tỷ đồng": 14}

    def test_tiers_meet_the_raw_rows(self, data: psycopg.Connection) -> None:
        above, between = one(
            data,
            """select count(*) filter (where benefit > 5000000000),
                count(*) filter (where benefit between 20000000000 and 100000000000)
            from (
                select coalesce(i.benefit_verified, i.benefit_claimed) as benefit
                from initiative i join unit u on u.path @> i.path and u.code = 'TTTT'
                where i.phase_id = 1 and i.state in ('RECOGNISED', 'CONFIRMED')
            ) as counted""",
        )
        assert (above, between) == (39, 14)

    def test_phase_2_registered_5191(self, data: psycopg.Connection) -> None:
        assert target(data, "TTTT", 2) == (5000, 5191)
        assert target(data, "TTTT", 1)[1] + target(data, "TTTT", 2)[1] == 8191

    def test_phase_2_is_under_way_near_its_even_pace(self, data: psycopg.Connection) -> None:
        day, days, expected, status = one(
            data,
            """select p.day, p.days, p.expected_by_today, p.status from phase ph,
            pace(1612, 5191, ph.opens_on, ph.closes_on, '2022-10-21') p where ph.ordinal = 2""",
        )
        assert (day, days, float(expected)) == (143, 487, 1524.3)
        assert total(data, "TTTT", 2, "achieved") == 1612
        assert status == "ON_TRACK"

    def test_13_commended_by_the_confederation_only_one_of_its_bloc(
        self, data: psycopg.Connection
    ) -> None:
        units, of_bloc = one(
            data,
            """select count(distinct r.id), array_agg(r.code) filter (where b.id = me.bloc_id)
            from award a join unit i on i.id = a.issuer_id and i.code = 'TLD'
            join unit r on r.id = a.recipient_unit_id
            left join emulation_bloc b on b.id = r.bloc_id
            cross join (select bloc_id from unit where code = 'TTTT') me
            where a.form = 'BANG_KHEN'""",
        )
        assert (units, of_bloc) == (13, ["TTTT"])

    def test_29_collectives_commended_by_the_sector_union(self, data: psycopg.Connection) -> None:
        awards, units, early = one(
            data,
            """select count(*),
                count(distinct r.id) filter (where r.path <@ i.path and r.id <> i.id),
                count(*) filter (where a.awarded_on <= '2022-05-31')
            from award a join unit i on i.id = a.issuer_id and i.code = 'TTTT'
            join unit r on r.id = a.recipient_unit_id where a.form = 'BANG_KHEN'""",
        )
        assert (awards, units, early) == (29, 29, 0)

    def test_dates_and_floors_of_the_phases(self, data: psycopg.Connection) -> None:
        rows = data.execute("select opens_on, closes_on, floor from phase order by ordinal")
        assert rows.fetchall() == [
            (date(2022, 2, 1), date(2022, 5, 31), 1),
            (date(2022, 6, 1), date(2023, 9, 30), 2),
        ]


class TestTargets:
    def test_children_were_assigned_their_parents_target(self, data: psycopg.Connection) -> None:
        odd = data.execute(
            """select u.code, t.phase_id from target t join unit u on u.id = t.unit_id
            join unit c on c.parent_id = u.id
            join target ct on ct.unit_id = c.id and ct.phase_id = t.phase_id
            group by u.code, t.phase_id, t.registered, t.assigned
            having sum(ct.assigned) <> coalesce(t.registered, t.assigned)""",
        ).fetchall()
        assert odd == []

    def test_every_unit_has_one_in_both_phases(self, data: psycopg.Connection) -> None:
        assert one(data, "select count(*) from target") == 2 * one(
            data, "select count(*) from unit"
        )

    def test_some_units_registered_otherwise_than_assigned(self, data: psycopg.Connection) -> None:
        assert one(data, "select count(*) from target where registered <> assigned") > 20

    def test_the_last_revision_is_the_target(self, data: psycopg.Connection) -> None:
        odd = one(
            data,
            """select count(*) from target t
            cross join lateral (values ('ASSIGNED', t.assigned), ('REGISTERED', t.registered))
                as v (kind, value)
            where v.value is distinct from (
                select r.value from target_revision r
                where (r.unit_id, r.phase_id, r.kind) = (t.unit_id, t.phase_id, v.kind)
                order by r.at desc limit 1)""",
        )
        assert odd == 0


def contents(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of all tables, without values that differ between loads."""
    found = {}
    with psycopg.connect(url) as connection:
        columns: dict[str, set[str]] = {}
        for table, column in connection.execute(
            """select table_name, column_name from information_schema.columns
            join pg_tables on tablename = table_name where schemaname = 'public'""",
        ):
            columns.setdefault(table, set()).add(column)
        for table, names in columns.items():
            # The slot of a write depends on the session's process, as does its audit chain.
            if table in {"signing_key", "audit_event", "audit_head"}:
                continue
            listed = ", ".join(
                f"{name}::text" for name in sorted(names - OF_ITS_LOAD.get(table, set()) - {"slot"})
            )
            found[table] = connection.execute(
                f"select {listed} from {table} order by {listed}"
            ).fetchall()
    assert len(found) > 20
    return found


def test_two_loads_give_the_same_rows(database: str, demo: str) -> None:
    with psycopg.connect(database) as connection:
        load(connection)
    first, second = contents(demo), contents(database)
    # By table, because a failure with the rows themselves would have a million lines.
    assert [table for table in first if first[table] != second.get(table)] == []


def test_ids_go_on_after_the_demos(database: str) -> None:
    with psycopg.connect(database) as connection:
        load(connection)
        highest = one(connection, "select max(id) from unit")
        created = one(
            connection,
            """insert into unit (code, name, level, parent_id, valid_from)
            select 'NEW', 'New', 'UPPER', id, '2022-01-01' from unit where code = 'TTTT'
            returning id""",
        )
        assert created == highest + 1


def test_it_does_not_load_twice(database: str) -> None:
    with psycopg.connect(database) as connection:
        load(connection)
        before = one(connection, "select count(*) from initiative")
        with pytest.raises(psycopg.errors.UniqueViolation):
            load(connection)
        assert one(connection, "select count(*) from initiative") == before
