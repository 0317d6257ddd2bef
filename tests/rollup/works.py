"""Changes of initiatives, their authors and decisions, and of the people."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.rollup.rows import Rows

STATES = [
    *("DRAFT", "SUBMITTED", "RECOGNISED", "CONFIRMED", "RETURNED"),
    *("REJECTED", "WITHDRAWN", "DUPLICATE", "REVOKED"),
]
SECTORS = ["PRODUCTION", "PUBLIC"]
BENEFITS = ["{}", "{5}", "{10,10}", "{4,5,6}", "{100}", "{30,0,1}"]
PEOPLE = 10
"""Their ids are 1 to this."""


class Works(Rows):
    """Changes by people and their units."""

    def _submit(self, a: int, b: int, c: int, d: int) -> None:
        self._insert([(a, b, c, d)])

    def _submit_many(self, a: int, b: int, c: int, d: int) -> None:
        self._insert([(a + n, b + n * 3, c + n * 5, d + n * 7) for n in range(2 + a % 7)])

    def _upsert(self, a: int, b: int, c: int, d: int) -> None:
        self._insert(
            [(a + n, b + n, c, d + n) for n in range(3)],
            ids=[1000, 1001, self._fresh()],
            conflict="on conflict (id) do update set unit_id = excluded.unit_id, "
            "state = excluded.state, phase_id = excluded.phase_id, claimed = excluded.claimed, "
            "submitted_at = excluded.submitted_at, recognised_at = excluded.recognised_at, "
            "confirmed_at = excluded.confirmed_at",
        )

    def _restate(self, a: int, b: int, c: int, d: int) -> None:
        self._restate_where("id = %s", [self._one("initiative", a)], b, c)

    def _restate_many(self, a: int, b: int, c: int, d: int) -> None:
        self._restate_where("id %% %s = %s", [1 + a % 4, d % (1 + a % 4)], b, c)

    def _restate_where(self, where: str, values: list[Any], b: int, c: int) -> None:
        self._run(
            f"""update initiative set state = %s, phase_id = coalesce(phase_id, 1),
            submitted_at = coalesce(submitted_at, %s), recognised_at = %s, confirmed_at = %s
            where {where}""",
            [STATES[b % 9], moment(c), moment(c + 3), moment(c + 5), *values],
        )

    def _revalue(self, a: int, b: int, c: int, d: int) -> None:
        self._run(
            "update initiative set claimed = %s, verified = %s where id %% 3 = %s or id = %s",
            [BENEFITS[b % 6], [None, *BENEFITS][c % 7], d % 5, self._one("initiative", a)],
        )

    def _resector(self, a: int, b: int, c: int, d: int) -> None:
        self._run("update initiative set sector = %s where id %% 2 = %s", [SECTORS[a % 2], b % 2])

    def _redate(self, a: int, b: int, c: int, d: int) -> None:
        self._run(
            "update initiative set submitted_at = submitted_at + %s, "
            "recognised_at = recognised_at + %s, confirmed_at = confirmed_at + %s "
            "where id %% 3 = %s",
            [timedelta(hours=b % 60), timedelta(hours=c % 60), timedelta(hours=d % 60), a % 3],
        )

    def _rephase(self, a: int, b: int, c: int, d: int) -> None:
        self._run(
            "update initiative set phase_id = %s where phase_id is not null and id %% 3 = %s",
            [self._one("phase", b), a % 3],
        )

    def _rehouse(self, a: int, b: int, c: int, d: int) -> None:
        self._run(
            "update initiative set unit_id = %s where id = %s",
            [self._one("unit", b), self._one("initiative", a)],
        )

    def _rehouse_many(self, a: int, b: int, c: int, d: int) -> None:
        self._run(
            "update initiative set unit_id = case when id %% 2 = 0 then %s else %s end "
            "where id %% 3 <> %s",
            [self._one("unit", b), self._one("unit", c), a % 3],
        )

    def _renumber(self, a: int, b: int, c: int, d: int) -> None:
        self._run("update initiative set title = 'y' where id %% 2 = %s", [a % 2])

    def _erase(self, a: int, b: int, c: int, d: int) -> None:
        one = self._one("initiative", a)
        self._run("delete from authorship where initiative_id = %s", [one])
        self._run("delete from review where initiative_id = %s", [one])
        self._run("delete from initiative where id = %s", [one])

    def _erase_many(self, a: int, b: int, c: int, d: int) -> None:
        self._run("delete from authorship where initiative_id %% 3 = %s", [a % 3])
        self._run("delete from review where initiative_id %% 3 = %s", [a % 3])
        self._run("delete from initiative where id %% 3 = %s", [a % 3])

    def _author(self, a: int, b: int, c: int, d: int) -> None:
        self._run(
            "insert into authorship (initiative_id, person_id, share) "
            "select i.id, p.id, 10 from initiative i, person p "
            "where i.id %% 3 = %s and p.id %% 4 = %s on conflict do nothing",
            [a % 3, b % 4],
        )

    def _unauthor(self, a: int, b: int, c: int, d: int) -> None:
        self._run("delete from authorship where person_id %% 3 = %s", [a % 3])

    def _reauthor(self, a: int, b: int, c: int, d: int) -> None:
        self._run(
            """update authorship w set person_id = %s where w.initiative_id %% 2 = %s
            and w.person_id = (select min(person_id) from authorship o
                               where o.initiative_id = w.initiative_id)
            and not exists (select from authorship o where o.initiative_id = w.initiative_id
                            and o.person_id = %s)""",
            [1 + b % PEOPLE, a % 2, 1 + b % PEOPLE],
        )

    def _reshare(self, a: int, b: int, c: int, d: int) -> None:
        self._run("update authorship set share = %s", [1 + a % 100])

    def _transfer(self, a: int, b: int, c: int, d: int) -> None:
        self._run(
            "update person set unit_id = %s where id = %s",
            [self._one("unit", b), 1 + a % PEOPLE],
        )

    def _transfer_many(self, a: int, b: int, c: int, d: int) -> None:
        self._run(
            "update person set unit_id = %s where id %% 2 = %s", [self._one("unit", b), a % 2]
        )

    def _review(self, a: int, b: int, c: int, d: int) -> None:
        self._run(
            "insert into review (initiative_id, unit_id, decision) "
            "select id, unit_id, 'APPROVE' from initiative where id %% 3 = %s",
            [a % 3],
        )

    def _insert(
        self,
        drawn: Sequence[tuple[int, int, int, int]],
        ids: Sequence[int] | None = None,
        conflict: str = "",
    ) -> None:
        units = self._ids("unit", "true")
        phases = self._ids("phase", "true")
        rows: list[Any] = []
        made = ids or [self._fresh() for _ in drawn]
        for identity, (a, b, c, d) in zip(made, drawn, strict=True):
            state = STATES[b % 9]
            unplaced = state == "DRAFT" or (state == "WITHDRAWN" and d % 2)
            phase = None if unplaced else phases[c % len(phases)]
            rows += [
                identity, str(identity), units[a % len(units)], phase, state, SECTORS[d % 2],
                None if phase is None else moment(c), moment(c + d % 9), moment(c + d % 11),
                BENEFITS[d % 6], [None, *BENEFITS][(a + d) % 7],
            ]  # fmt: skip
        row = (
            "(%s, %s, 'x', 'x', 'x', 'TECHNICAL', %s, 1, %s, %s, %s, '2022-01-01', %s, %s, %s, "
            "%s::bigint[], %s::bigint[])"
        )
        self._run(
            f"""insert into initiative (id, number, title, summary, content, solution_type, unit_id,
            campaign_id, phase_id, state, sector, applied_on, submitted_at, recognised_at,
            confirmed_at, claimed, verified) values {", ".join([row] * len(drawn))} {conflict}""",
            rows,
        )


def moment(hours: int) -> datetime:
    """Return a moment; about every third has another day in UTC than in Vietnam."""
    return datetime(2022, 3, 1, 15, tzinfo=UTC) + timedelta(hours=5 * (hours % 40))
