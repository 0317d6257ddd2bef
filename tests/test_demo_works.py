"""Illustrative data beside the demo's figures is plausible, consistent, and marked as such."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from argon2 import PasswordHasher
from psycopg.abc import Query

from db.seed.demo import ACCOUNTS, PASSWORD, TODAY


@pytest.fixture
def data(demo: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(demo) as connection:
        connection.read_only = True
        yield connection


def one(data: psycopg.Connection, query: Query) -> Any:
    row = data.execute(query).fetchone()
    assert row is not None
    return row[0] if len(row) == 1 else row


class TestInitiatives:
    def test_shares_sum_to_100(self, data: psycopg.Connection) -> None:
        odd = one(
            data,
            """select count(*) from initiative i where 100 is distinct from (
                select sum(share) from authorship a where a.initiative_id = i.id)""",
        )
        assert odd == 0

    def test_numbers_have_no_gaps(self, data: psycopg.Connection) -> None:
        rows = data.execute(
            """select u.code, i.number from initiative i join unit u on u.id = i.unit_id
            order by i.number""",
        ).fetchall()
        seen: dict[str, int] = {}
        for code, number in rows:
            unit_and_year, digits = number.rsplit("-", 1)
            assert unit_and_year.rsplit("-", 1)[0] == code
            assert len(digits) == 5
            assert int(digits) == seen.get(unit_and_year, 0) + 1
            seen[unit_and_year] = int(digits)

    def test_states_are_mixed(self, data: psycopg.Connection) -> None:
        states = {row[0] for row in data.execute("select distinct state from initiative")}
        assert states == {
            "DRAFT", "SUBMITTED", "RECOGNISED", "CONFIRMED", "RETURNED", "REJECTED", "WITHDRAWN",
            "DUPLICATE", "REVOKED",
        }  # fmt: skip

    def test_submitted_within_the_phase_and_not_after_the_demos_day(
        self, data: psycopg.Connection
    ) -> None:
        odd = one(
            data,
            f"""select count(*) from initiative i join phase p on p.id = i.phase_id
            where local_day(i.submitted_at) not between p.opens_on and p.closes_on
                or local_day(i.submitted_at) > '{TODAY}'
                or i.applied_on not between '2021-09-01' and local_day(i.created_at)""",
        )
        assert odd == 0

    def test_nothing_was_decided_after_the_demos_day(self, data: psycopg.Connection) -> None:
        latest = one(
            data,
            """select local_day(greatest((select max(at) from review),
            (select max(decided_at) from duplicate_link), (select max(created_at) from initiative),
            (select max(at) from target_revision)))""",
        )
        assert latest <= TODAY

    def test_some_days_differ_from_utc(self, data: psycopg.Connection) -> None:
        count = one(
            data,
            """select count(*) from initiative
            where local_day(submitted_at) <> (submitted_at at time zone 'UTC')::date""",
        )
        assert count > 100

    def test_decisions_explain_the_state(self, data: psycopg.Connection) -> None:
        odd = data.execute(
            """select i.number, i.state
            from (select *, 2 + (upper_id is not null)::int as levels from initiative) i
            cross join lateral (
                select count(*) filter (where decision = 'APPROVE') as approvals,
                    (array_agg(decision order by at desc))[1] as last
                from review r where r.initiative_id = i.id
            ) d
            where case i.state
                when 'RECOGNISED' then d.last <> 'APPROVE' or d.approvals >= i.levels
                when 'CONFIRMED' then d.last <> 'APPROVE' or d.approvals <> i.levels
                when 'RETURNED' then d.last <> 'RETURN'
                when 'REJECTED' then d.last <> 'REJECT'
                when 'REVOKED' then d.last <> 'REVOKE'
                else d.last is not null
            end""",
        ).fetchall()
        assert odd == []

    def test_it_awaits_the_level_after_the_last_approval(self, data: psycopg.Connection) -> None:
        odd = one(
            data,
            """select count(*) from initiative i
            where i.awaits_id is distinct from case i.state
                when 'SUBMITTED' then i.unit_id
                when 'RECOGNISED' then (
                    select u.parent_id from review r join unit u on u.id = r.unit_id
                    where r.initiative_id = i.id and r.decision = 'APPROVE'
                    order by r.at desc limit 1)
            end""",
        )
        assert odd == 0

    def test_nobody_decided_on_their_own(self, data: psycopg.Connection) -> None:
        odd = one(
            data,
            """select count(*) from review r join account a on a.id = r.account_id
            join authorship w on w.initiative_id = r.initiative_id and w.person_id = a.person_id""",
        )
        assert odd == 0
        assert one(data, "select count(*) from review where account_id is null") == 0

    def test_whoever_decided_held_a_role_there(self, data: psycopg.Connection) -> None:
        odd = one(
            data,
            """select count(*) from review r where not exists (
                select from role_grant g where g.account_id = r.account_id
                and g.unit_id = r.unit_id and g.role in ('OFFICER', 'COUNCIL', 'ADMIN'))""",
        )
        assert odd == 0

    def test_benefit_verified_was_verified_by_a_decision(self, data: psycopg.Connection) -> None:
        odd = one(
            data,
            """select count(*) from initiative i where verified is not null and not exists (
                select from review r where r.initiative_id = i.id and r.verified = i.verified)""",
        )
        assert odd == 0

    def test_some_are_confidential_published_or_both(self, data: psycopg.Connection) -> None:
        confidential, published, both = one(
            data,
            """select count(*) filter (where confidential),
            count(*) filter (where published_at is not null),
            count(*) filter (where confidential and published_at is not null) from initiative""",
        )
        assert confidential > 50
        assert published > 100
        assert both >= 1

    def test_every_summary_says_that_it_is_illustrative(self, data: psycopg.Connection) -> None:
        odd = "select count(*) from initiative where summary not like '%(dữ liệu minh họa)'"
        assert one(data, odd) == 0


class TestPeople:
    def test_nobody_of_the_report_is_named(self, data: psycopg.Connection) -> None:
        odd = """select count(*) from person
        where fold(name) in (fold('Trần Văn Thuật'), fold('Chu Văn Bình'))"""
        assert one(data, odd) == 0

    def test_codes_and_contacts_say_that_people_are_made_up(self, data: psycopg.Connection) -> None:
        odd = """select count(*) from person where code not like 'SYN-%'
        or email not like '%@example.com' or phone not like '000 %'"""
        assert one(data, odd) == 0

    def test_member_authored_a_draft_and_a_confidential_one(self, data: psycopg.Connection) -> None:
        drafts, confidential, all_of_them = one(
            data,
            """select count(*) filter (where i.state = 'DRAFT'),
                count(*) filter (where i.confidential), count(*)
            from account a join authorship w using (person_id)
            join initiative i on i.id = w.initiative_id where a.username = 'member'""",
        )
        assert drafts >= 1
        assert confidential >= 1
        assert all_of_them >= 4


class TestAccounts:
    def test_roles_and_units(self, data: psycopg.Connection) -> None:
        rows = data.execute(
            """select a.username, g.role, u.code from account a
            left join role_grant g on g.account_id = a.id left join unit u on u.id = g.unit_id
            where a.kind <> 'PUBLIC' and a.password_hash is not null order by a.id""",
        ).fetchall()
        assert rows == [(a.username, a.role, a.unit) for a in ACCOUNTS]
        assert ("tttt-admin", "ADMIN", "TTTT") in rows
        assert ("nobody", None, None) in rows

    def test_the_password_is_demo(self, data: psycopg.Connection) -> None:
        password_hash = one(data, "select password_hash from account where username = 'member'")
        assert PasswordHasher().verify(password_hash, PASSWORD)
        assert PASSWORD == "demo"

    def test_three_of_one_unit_below_the_upper_officers(self, data: psycopg.Connection) -> None:
        odd = one(
            data,
            """select count(distinct g.unit_id) from role_grant g
            join account a on a.id = g.account_id
            join unit u on u.id = g.unit_id
            join unit up on up.id = u.parent_id and up.level = 'UPPER'
            join role_grant ug on ug.unit_id = up.id
            join account ua on ua.id = ug.account_id and ua.username = 'upper-officer'
            where a.username in ('unit-officer', 'support', 'member') and u.level = 'GRASSROOTS'""",
        )
        assert odd == 1

    def test_standing_works_in_the_unions_bloc_and_below(self, data: psycopg.Connection) -> None:
        sizes = data.execute(
            """select b.code, count(*) from unit u join emulation_bloc b on b.id = u.bloc_id
            where b.code like 'KTD-TTTT%' or b.code = 'KTD-NGANH-TW' group by b.code""",
        ).fetchall()
        assert all(size >= 5 for _, size in sizes)
        assert len(sizes) == 3
