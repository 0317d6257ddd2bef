"""A target distributed among children: previewed, executed, exact, by each kind of weight."""

import asyncio
from typing import Any

from tests.client import client
from tests.mutating import ERRORS, ask, change, differing, rows, value

DISTRIBUTE = f"""mutation ($input: DistributeTargetInput!) {{ distributeTarget(input: $input) {{
    ... on DistributeTargetPayload {{ __typename total preview
        parent {{ code target(campaign: "1TRSK", phase: 2) {{ unallocated }} }}
        allocations {{ child: unit {{ code }} value previous }} }}
    ... on TargetRejected {{ unitCode phase by }} {ERRORS} }} }}"""
HELD = """select c.code, c.member_count as members, t.assigned, t.version,
        (select sum(achieved) from rollup r where r.unit_id = c.id and r.ordinal = 1)::int as before
    from unit c join unit p on p.id = c.parent_id
    left join target t on t.unit_id = c.id and t.phase_id = 2 where p.code = %s order by 1"""
WRITTEN = """select (select count(*) from target_revision) as revisions,
    (select count(*) from request_key) as keys, (select count(*) from audit_event) as events,
    (select sum(version) from target) as versions"""


def given(parent: str, by: str, **more: Any) -> dict[str, Any]:
    return {"campaign": "1TRSK", "phase": 2, "parent": parent, "by": by, **more}


def values(answer: Any) -> dict[str, Any]:
    return {part["child"]["code"]: part["value"] for part in answer["allocations"]}


def assigned(url: str, parent: str) -> dict[str, Any]:
    return {row["code"]: row["assigned"] for row in rows(url, HELD, parent)}


async def test_a_preview_shows_what_is_then_done_and_writes_nothing(programme):
    async with client(programme) as http:
        http.token("tttt-admin")  # the first token creates a key, which is an event
        before, held = rows(programme, WRITTEN), assigned(programme, "TTTT")
        fields = given("TTTT", "EQUAL", idempotencyKey="k")
        shown = await ask(http, DISTRIBUTE, "tttt-admin", **fields, preview=True)
        assert rows(programme, WRITTEN) == before
        assert {p["child"]["code"]: p["previous"] for p in shown["allocations"]} == held
        done = await ask(http, DISTRIBUTE, "tttt-admin", **fields, preview=False)
        assert (shown["preview"], done["preview"]) == (True, False)
        assert values(shown) == values(done) == assigned(programme, "TTTT")
        again = await ask(http, DISTRIBUTE, "tttt-admin", **fields, preview=False)
        assert again == done
    # 5,191 among 18: seven units get one more, by code.
    assert done["total"] == sum(values(done).values()) == 5_191
    assert sorted(values(done).values()) == [288] * 11 + [289] * 7
    assert done["parent"]["target"]["unallocated"] == 0
    assert differing(programme) == 0


async def test_by_members_and_by_the_last_phases_results_shares_are_in_proportion(programme):
    held = rows(programme, HELD, "TTTT")
    async with client(programme) as http:
        for by, weight in (("MEMBERS", "members"), ("LAST_PHASE", "before")):
            answer = await ask(http, DISTRIBUTE, "tttt-admin", **given("TTTT", by, total=10_007))
            whole = sum(row[weight] for row in held)
            found = values(answer)
            assert sum(found.values()) == 10_007
            for row in held:
                assert abs(found[row["code"]] - 10_007 * row[weight] / whole) < 1
            assert assigned(programme, "TTTT") == found
    assert sum(row["before"] for row in held) == 3_572


async def test_a_frozen_result_stands_for_what_was_achieved(programme):
    change(
        programme,
        "insert into phase_result (phase_id, unit_id, figures)"
        " select 1, c.id, jsonb_build_object('achieved', case c.code when min(c.code) over ()"
        " then 10 else 0 end) from unit c join unit p on p.id = c.parent_id where p.code = 'VTC'",
    )
    async with client(programme) as http:
        fields = given("VTC", "LAST_PHASE", total=7, preview=True)
        answer = await ask(http, DISTRIBUTE, "tttt-admin", **fields)
    assert list(values(answer).values()) == [7, 0, 0]


async def test_closed_children_get_nothing_and_lose_what_they_had(programme):
    first, *others = assigned(programme, "VTC")
    change(programme, "update unit set valid_to = '2022-10-01' where code = %s", first)
    async with client(programme) as http:
        answer = await ask(http, DISTRIBUTE, "tttt-admin", **given("VTC", "MEMBERS", total=100))
        assert values(answer)[first] is None
        assert sum(values(answer)[code] for code in others) == 100
        assert assigned(programme, "VTC")[first] is None
        answer = await ask(http, DISTRIBUTE, "tttt-admin", **given("VTC", "EQUAL", total=100))
        assert values(answer).keys() == set(others)


async def test_where_there_is_nothing_to_go_by_the_facts_say_so(programme):
    change(programme, "update unit set member_count = 0")
    change(programme, "update target set assigned = null, registered = null")
    async with client(programme) as http:

        async def refused(**fields: Any) -> tuple[Any, ...]:
            answer = await ask(http, DISTRIBUTE, "tttt-admin", **fields)
            assert answer["__typename"] == "TargetRejected"
            return answer["code"], answer["unitCode"], answer["phase"], answer["by"]

        assert await refused(**given("VTC", "EQUAL")) == ("NO_TARGET", "VTC", None, None)
        assert await refused(**given("VTC", "MEMBERS", total=1)) == (
            *("NO_WEIGHTS", None, None, "MEMBERS"),
        )
        assert (await refused(**given("VNNIC", "EQUAL", total=1)))[0] == "NO_CHILDREN"
        first = {**given("VTC", "LAST_PHASE", total=1), "phase": 1}
        assert await refused(**first) == ("NO_LAST_PHASE", None, 0, None)


async def test_the_last_phase_is_the_next_before_whatever_ordinals_lie_between(programme):
    change(programme, "update phase set ordinal = 4 where ordinal = 2")
    async with client(programme) as http:
        fields = given("TTTT", "LAST_PHASE", total=10_007, preview=True)
        answer = await ask(http, DISTRIBUTE, "tttt-admin", **{**fields, "phase": 4})
    before = {row["code"]: row["before"] for row in rows(programme, HELD, "TTTT")}
    whole = sum(before.values())
    assert answer["total"] == sum(values(answer).values()) == 10_007
    assert all(
        abs(share - 10_007 * before[code] / whole) < 1 for code, share in values(answer).items()
    )


async def test_only_an_administrator_at_or_above_a_unit_distributes_or_previews(programme):
    before = rows(programme, WRITTEN)[0]["versions"]
    refused = [
        ("tttt-admin", "TLD", "Forbidden"),
        ("tttt-admin", "HNI", "NotFound"),
        ("upper-officer", "VNPT", "Forbidden"),
        ("council", "TTTT", "Forbidden"),
        ("member", "VNPT-HNI", "Forbidden"),
        ("auditor", "TTTT", "Forbidden"),
        ("nobody", "TLD", "Forbidden"),
        (None, "TLD", "Forbidden"),
    ]
    async with client(programme) as http:
        for username, parent, typename in refused:
            for preview in (True, False):
                fields = given(parent, "EQUAL", total=5, preview=preview)
                answer = await ask(http, DISTRIBUTE, username, **fields)
                assert answer["__typename"] == typename, (username, parent)
    assert rows(programme, WRITTEN)[0]["versions"] == before


async def test_in_a_closed_phase_a_preview_takes_no_reason_and_a_distribution_does(programme):
    fields = {**given("VTC", "EQUAL", total=10), "phase": 1}
    async with client(programme) as http:
        answer = await ask(http, DISTRIBUTE, "tttt-admin", **fields, preview=True)
        assert sum(values(answer).values()) == 10
        answer = await ask(http, DISTRIBUTE, "tttt-admin", **fields)
        assert [(p["path"], p["code"]) for p in answer["problems"]] == [
            (["reason"], "REASON_NEEDED")
        ]
        answer = await ask(http, DISTRIBUTE, "tttt-admin", **fields, reason="Chia lại")
        assert answer["__typename"] == "DistributeTargetPayload"
    assert value(programme, "select count(*) from adjustment where kind = 'TARGET'") == 3


async def test_distributions_at_once_leave_the_sum_of_one_of_them(programme):
    totals = [100 * n + 1 for n in range(1, 7)]
    async with client(programme) as http:
        answers = await asyncio.gather(
            *(
                ask(http, DISTRIBUTE, "tttt-admin", **given("VNPT", "EQUAL", total=total))
                for total in totals
            )
        )
    done = [
        total
        for total, answer in zip(totals, answers, strict=True)
        if answer["__typename"] == "DistributeTargetPayload"
    ]
    assert all(
        answer["__typename"] in {"DistributeTargetPayload", "Conflict"} for answer in answers
    )
    assert sum(assigned(programme, "VNPT").values()) in done
