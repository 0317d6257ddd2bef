"""A copy of a database with drafts that are ready to be submitted."""

import contextlib
import itertools
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql

from db.embedded import EmbeddedServer
from db.seed.unaudited import unaudited
from tests.bench import place as places
from tests.bench.place import Place

NEXT = """
    select number from bench_draft where turn = (select nextval('bench_turn'))
"""
_NEXT_ONES = """
    with turns as materialized (
        select nextval('bench_turn') as turn from generate_series(1, %s::bigint)
    )
    select number from bench_draft join turns using (turn)
"""
_ACCOUNT = "bench-support"
_NAME = "writes"
_PREPARE = """
    create table bench_draft (turn bigint primary key, number text not null);
    create sequence bench_turn;
    grant select on bench_draft to sangkien_writer;
    grant usage on sequence bench_turn to sangkien_writer;
    update phase set closes_on = current_date + 30
    where ordinal = (select max(ordinal) from phase);
    update campaign set applied_to = current_date + 30
"""
_SUPPORT = """
    with made as (
        insert into account (username, password_hash, kind) values (%s, '', 'PERSON') returning id
    )
    insert into role_grant (account_id, unit_id, role, valid_from)
    select made.id, unit.id, 'SUPPORT', '2020-01-01' from made, unit where parent_id is null
"""
_DRAFT = """
    with place as (
        -- Not unit after unit: neighbours in the tree do not all write at the same moment.
        select unit_id, id as person_id, sector,
            row_number() over (order by hashint8extended(unit_id, 1)) - 1 as row
        from (select distinct on (unit_id) unit_id, id, sector from person) as member
    ),
    drafted as (
        insert into initiative (
            number, campaign_id, unit_id, title, summary, content, solution_type, sector,
            applied_on, state, drafted_by_id, created_at, claimed
        )
        select 'DRAFT-' || n, (select id from campaign), unit_id,
            'Giá đỡ cáp bằng vật liệu tái sử dụng ' || n,
            'Giảm một nửa thời gian kéo cáp cho tổ ' || n, 'Bản vẽ.', 'TECHNICAL', sector,
            current_date, 'DRAFT', (select id from account where username = %(account)s), now(),
            '{50000000}'
        from generate_series(1, %(count)s::bigint) n
        join place on row = n %% (select count(*) from place)
        returning id, unit_id, number
    ),
    written as (
        insert into authorship (initiative_id, person_id, share)
        select id, person_id, 100 from drafted join place using (unit_id)
    )
    insert into bench_draft (turn, number) select substr(number, 7)::bigint, number from drafted
"""


class Drafts:
    """The drafts of a database, each used once."""

    def __init__(self, place: Place) -> None:
        """Open the database as the account that drafted them."""
        self.place = place
        with psycopg.connect(place.url) as owner:
            row = owner.execute(
                """select (select id from campaign), (select max(id) from phase),
                    (select id from account where username = %s), current_date::text,
                    (select array_agg(id order by hashint8extended(id, 1)) from unit
                     where level = 'GRASSROOTS' and valid_to is null)
                """,
                [_ACCOUNT],
            ).fetchone()
        assert row is not None
        self._campaign, self.phase, self._account, self._today, self._units = row
        self._invented = itertools.count(1)

    def take(self, count: int) -> Iterator[str]:
        """Return the numbers of unused drafts."""
        with psycopg.connect(self.place.url) as owner:
            yield from (number for (number,) in owner.execute(_NEXT_ONES, [count]).fetchall())

    def invent(self, count: int) -> Iterator[dict[str, Any]]:
        """Return submitted initiatives that resemble the drafts, as PostGraphile's input."""
        for n in itertools.islice(self._invented, count):
            yield {
                "number": f"CREATED-{n}",
                "campaignId": str(self._campaign),
                "phaseId": str(self.phase),
                "unitId": str(self._units[n % len(self._units)]),
                "path": "1",  # a trigger writes the unit's
                "title": f"Giá đỡ cáp bằng vật liệu tái sử dụng {n}",
                "summary": f"Giảm một nửa thời gian kéo cáp cho tổ {n}",
                "content": "Bản vẽ.",
                "solutionType": "TECHNICAL",
                "sector": "PRODUCTION",
                "appliedOn": self._today,
                "submittedAt": f"{self._today}T00:00:00Z",
                "state": "SUBMITTED",
                "draftedById": str(self._account),
                "claimed": ["50000000"],
            }


@contextlib.contextmanager
def prepare(running: EmbeddedServer, nation: Place, count: int) -> Iterator[Drafts]:
    """Copy a database and draft that many initiatives, as an account that may submit them."""
    copy = sql.Identifier(_NAME)
    original = sql.Identifier(psycopg.conninfo.conninfo_to_dict(nation.url)["dbname"])
    drop = sql.SQL("drop database if exists {} with (force)").format(copy)
    with psycopg.connect(running.url, autocommit=True) as superuser:
        superuser.execute(drop)
        superuser.execute(
            sql.SQL(
                "create database {} template {} strategy file_copy owner sangkien_owner"
            ).format(copy, original)
        )
        url = running.url_for(user="sangkien_owner", database=_NAME)
        try:
            with psycopg.connect(url) as owner:
                owner.execute(_PREPARE)
                owner.execute(_SUPPORT, [_ACCOUNT])
                with unaudited(owner, ("initiative", "authorship"), "bench", {}):
                    owner.execute(_DRAFT, {"account": _ACCOUNT, "count": count})
                place = places.of(owner, url, nation.size, _ACCOUNT)
            with psycopg.connect(url, autocommit=True) as owner:
                owner.execute("vacuum analyze")
            yield Drafts(place)
        finally:
            superuser.execute(drop)
