"""A synthetic nation has the requested size and exact totals, though its load bypasses triggers."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from argon2 import PasswordHasher

from db.embedded import EmbeddedServer
from db.prepare import prepare
from db.seed.national import STAGES, NotEmptyError, generate
from db.seed.national_tree import FULL_SIZE, sizes
from db.verify import verify

UNITS = 1300
INITIATIVES = 5000


WORDS: list[tuple[str, int, int]] = []


@pytest.fixture(scope="module")
def generated(server: EmbeddedServer, template: str) -> str:
    url = prepare(server, "generated", template)
    with psycopg.connect(url) as connection:
        generate(
            connection,
            units=UNITS,
            initiatives=INITIATIVES,
            progress=lambda *word: WORDS.append(word),
        )
    return url


@pytest.fixture
def nation(generated: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(generated) as connection:
        yield connection
        connection.rollback()


def one(connection: psycopg.Connection, query: bytes | str) -> Any:
    row = connection.execute(query.encode() if isinstance(query, str) else query).fetchone()
    assert row is not None
    return row[0] if len(row) == 1 else row


def test_the_full_size_is_that_of_the_confederation() -> None:
    assert sizes(FULL_SIZE) == (83, 1500, 126_000)


@pytest.mark.parametrize("units", [4, 5, 10, 50, 400, 1300, 20_000])
def test_smaller_trees_have_all_levels(units: int) -> None:
    federations, uppers, grassroots = sizes(units)
    assert 1 + federations + uppers + grassroots == units
    assert 1 <= federations <= uppers
    assert grassroots >= 1


def test_three_units_are_no_tree() -> None:
    with pytest.raises(ValueError, match="at least 4"):
        sizes(3)


def test_a_nation_of_the_wanted_size(nation: psycopg.Connection) -> None:
    assert one(nation, "select count(*) from unit") == UNITS
    assert one(nation, "select count(*) from initiative") == INITIATIVES
    federations, uppers, grassroots = sizes(UNITS)
    assert dict(nation.execute("select level, count(*) from unit group by level").fetchall()) == {
        "CONFEDERATION": 1,
        "FEDERATION": federations,
        "UPPER": uppers,
        "GRASSROOTS": grassroots,
    }


def test_verify_finds_nothing(nation: psycopg.Connection) -> None:
    report = verify(nation)
    assert report.differences == []
    assert report.cells > 100_000


def test_everything_taken_away_for_loading_is_back(nation: psycopg.Connection, demo: str) -> None:
    built = """
        select array(select indexdef from pg_indexes where schemaname = 'public' order by 1),
            array(select conrelid::regclass || conname || pg_get_constraintdef(oid)
                  from pg_constraint where contype = 'f' and convalidated order by 1),
            array(select tgrelid::regclass || tgname from pg_trigger
                  where not tgisinternal and tgenabled = 'O' order by 1)
    """
    with psycopg.connect(demo) as other:
        assert one(nation, built) == one(other, built)


def test_triggers_count_on_from_there(nation: psycopg.Connection) -> None:
    nation.execute(
        """update initiative set state = 'REJECTED' where id in (
            select id from initiative where state = 'CONFIRMED' order by id limit 50)""",
    )
    nation.execute("delete from authorship where initiative_id % 7 = 0")
    nation.execute(
        """insert into unit (code, name, level, parent_id, valid_from)
        select 'NEW', 'New', 'GRASSROOTS', id, '2022-01-01' from unit
        where code like 'U%' limit 1""",
    )
    assert verify(nation).differences == []


def test_a_few_units_have_many_and_most_have_few(nation: psycopg.Connection) -> None:
    large, middle = one(
        nation,
        """select count(*) filter (where n > 100), percentile_cont(0.5) within group (order by n)
        from (select count(i.id) as n from unit u left join initiative i on i.unit_id = u.id
              where u.level = 'GRASSROOTS' group by u.id) as counts""",
    )
    assert large >= 3
    assert middle < 5


def test_shares_sum_to_100_and_authors_are_of_the_unit(nation: psycopg.Connection) -> None:
    odd = one(
        nation,
        """select count(*) from initiative i left join lateral (
            select sum(a.share) as shares, bool_and(p.unit_id = i.unit_id) as own
            from authorship a join person p on p.id = a.person_id where a.initiative_id = i.id
        ) w on true where w.shares is distinct from 100 or not w.own""",
    )
    assert odd == 0
    assert 3 <= INITIATIVES / one(nation, "select count(*) from person") + 1 <= 4


def test_every_unit_has_targets_that_sum_up(nation: psycopg.Connection) -> None:
    assert one(nation, "select count(*) from target") == 2 * UNITS
    odd = one(
        nation,
        """select count(*) from target t join unit u on u.id = t.unit_id
        where u.grassroots_count > 1 and u.level <> 'GRASSROOTS'
            and coalesce(t.assigned, t.registered) <> (
                select sum(c.assigned) from target c join unit k on k.id = c.unit_id
                where k.parent_id = u.id and c.phase_id = t.phase_id)""",
    )
    assert odd == 0


def test_members_sum_up(nation: psycopg.Connection) -> None:
    odd = one(
        nation,
        """select count(*) from unit u where level <> 'GRASSROOTS' and member_count <> (
            select sum(member_count) from unit k where k.parent_id = u.id)""",
    )
    assert odd == 0


def test_administrators_may_sign_in(nation: psycopg.Connection) -> None:
    rows = nation.execute(
        """select a.username, g.role, u.level, a.password_hash from account a
        join role_grant g on g.account_id = a.id join unit u on u.id = g.unit_id order by a.id""",
    ).fetchall()
    assert [row[:3] for row in rows] == [
        ("bench-admin", "ADMIN", "CONFEDERATION"),
        ("bench-admin-1", "ADMIN", "FEDERATION"),
        ("bench-admin-2", "ADMIN", "FEDERATION"),
        ("bench-admin-3", "ADMIN", "FEDERATION"),
    ]
    assert all(PasswordHasher().verify(row[3], "demo") for row in rows)


def test_ids_go_on_after_the_generated_ones(nation: psycopg.Connection) -> None:
    for table in ("unit", "person", "initiative", "campaign", "phase", "account", "role_grant"):
        following, highest = one(
            nation,
            f"""select nextval(pg_get_serial_sequence('{table}', 'id')),
                (select max(id) from {table})""",
        )
        assert highest < following < highest + 10


def test_progress_tells_every_stage_to_its_end(nation: psycopg.Connection) -> None:
    assert list(dict.fromkeys(stage for stage, _, _ in WORDS)) == list(STAGES)
    assert all(0 <= done <= total for _, done, total in WORDS)
    for stage in STAGES:
        last = [word for word in WORDS if word[0] == stage][-1]
        assert last[1] == last[2]


def test_the_same_seed_gives_the_same_nation(database: str) -> None:
    texts = []
    with psycopg.connect(database) as connection:
        for seed in (7, 7, 8):
            connection.execute("select 1")  # so that the load is part of a transaction
            generate(connection, units=60, initiatives=300, seed=seed, progress=lambda *_: None)
            row = one(
                connection,
                """select (select md5(string_agg(i::text, ',' order by i.id)) from initiative i),
                    (select md5(string_agg(u::text, ',' order by u.id)) from unit u),
                    (select md5(string_agg(p::text, ',' order by p.id)) from person p),
                    (select md5(string_agg(t::text, ',' order by unit_id, phase_id)) from target t),
                    (select md5(string_agg(a::text, ',' order by initiative_id, person_id))
                     from authorship a)""",
            )
            texts.append(row)
            connection.rollback()
    assert texts[0] == texts[1]
    assert all(same != other for same, other in zip(texts[1], texts[2], strict=True))


def test_a_database_with_units_is_refused(demo: str) -> None:
    with psycopg.connect(demo) as connection, pytest.raises(NotEmptyError):
        generate(connection, units=50, initiatives=50, progress=lambda *_: None)


def test_large_units_where_there_are_enough_initiatives(database: str) -> None:
    with psycopg.connect(database) as connection:
        generate(connection, units=12_000, initiatives=20_000, progress=lambda *_: None)
        large = one(
            connection,
            """select count(*) from (
                select from initiative group by unit_id having count(*) >= 60) as large""",
        )
    assert large >= 5
