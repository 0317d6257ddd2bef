"""Units that close: the obstacles, and the later requests that are rejected."""

import psycopg

from tests.client import client

from tests.deciding import REVIEW, handed_in, one  # isort: skip
from tests.test_moved_windows import MERGE  # isort: skip
from tests.test_units import CLOSE, CREATE, MOVE, NEW, UPDATE, ask, exact, progress, rows  # isort: skip


async def test_a_unit_in_which_something_goes_on_is_not_closed(programme):
    async with client(programme) as http:
        parent = await ask(http, CLOSE, "tttt-admin", unit="VNPT", reason="x")
        assert (parent["__typename"], parent["code"]) == ("UnitRejected", "HAS_CHILDREN")
        assert parent["count"] == rows(
            programme, "select count(*) from unit where parent_id ="
            " (select id from unit where code = 'VNPT')"
        )[0][0]  # fmt: skip
        awaited = await ask(http, CLOSE, "tttt-admin", unit="VNPT-HNI", reason="x")
        assert (awaited["code"], awaited["count"]) == (
            "AWAITED",
            rows(
                programme,
                "select count(*) from initiative where awaits_id ="
                " (select id from unit where code = 'VNPT-HNI')",
            )[0][0],
        )
        with psycopg.connect(programme) as connection:
            connection.execute(
                "update initiative set state = 'WITHDRAWN', awaits_id = null where awaits_id ="
                " (select id from unit where code = 'VNPT-HNI')"
            )
        people = await ask(http, CLOSE, "tttt-admin", unit="VNPT-HNI", reason="x")
        assert people["code"] == "HAS_MEMBERS"
        assert people["count"] > 0
        root = await ask(http, CLOSE, "confed-admin", unit="TLD", reason="x")
        assert root["code"] == "ROOT"


async def test_a_unit_that_owns_a_campaign_under_way_is_not_closed(programme):
    async with client(programme) as http:
        await ask(http, CREATE, "tttt-admin", **NEW)
        with psycopg.connect(programme) as connection:
            connection.execute(
                "update campaign set owner_id = (select id from unit where code = 'VNPT-MOI')"
            )
        answer = await ask(http, CLOSE, "tttt-admin", unit="VNPT-MOI", reason="x")
        assert (answer["code"], answer["count"]) == ("OWNS_CAMPAIGN", 1)


async def test_a_closed_unit_stays_and_takes_nothing_more(programme):
    async with client(programme) as http:
        await ask(http, CREATE, "tttt-admin", **NEW, validFrom="2022-09-01")
        await ask(http, CREATE, "tttt-admin", **{**NEW, "code": "B", "level": "UPPER",
                                                 "parent": "TTTT"})  # fmt: skip
        total = (await progress(http, "VNPT"))["unitsTotal"]
        ahead = await ask(http, CLOSE, "tttt-admin", unit="VNPT-MOI", reason="x", on="2022-10-22")
        assert ahead["problems"][0]["code"] == "STILL_AHEAD"
        early = await ask(http, CLOSE, "tttt-admin", unit="VNPT-MOI", reason="x", on="2022-08-31")
        assert (early["problems"][0]["code"], early["problems"][0]["limit"]) == (
            "DATES_REVERSED",
            "2022-09-01",
        )
        fields = {"unit": "VNPT-MOI", "reason": "Giải thể", "on": "2022-09-30"}
        closed = await ask(http, CLOSE, "tttt-admin", **fields)
        assert closed["unit"]["validTo"] == "2022-09-30"
        assert closed["unit"]["history"]["nodes"][0]["change"] == "CLOSED"
        assert (await progress(http, "VNPT"))["unitsTotal"] == total - 1
        await ask(http, CLOSE, "tttt-admin", unit="B", reason="x")
        for document, given in (
            (CLOSE, fields),
            (UPDATE, {"unit": "VNPT-MOI", "name": "x"}),
            (MOVE, {"unit": "VNPT-MOI", "parent": "VNPOST", "reason": "x"}),
            (MOVE, {"unit": "VNPT-HNI", "parent": "B", "reason": "x"}),
            (CREATE, {**NEW, "code": "C", "parent": "B"}),
        ):
            answer = await ask(http, document, "tttt-admin", **given)
            assert (answer["__typename"], answer["code"]) == ("UnitRejected", "CLOSED")
            assert answer["closedOn"] is not None
    assert exact(programme)


async def test_a_unit_with_returned_initiatives_is_not_closed_for_they_could_not_come_back(
    programme,
):
    own = "unit_id = (select id from unit where code = 'VNPT-HNI')"
    async with client(programme) as http:
        number = await handed_in(http)
        verdict = {"number": number, "decision": "RETURN", "reason": "Thiếu bản vẽ"}
        assert (await ask(http, REVIEW, "unit-officer", **verdict)).get("initiative")
        # All other open business of the unit ends.
        with psycopg.connect(programme) as connection:
            connection.execute(
                "update initiative set state = 'WITHDRAWN', awaits_id = null where awaits_id ="
                " (select id from unit where code = 'VNPT-HNI')"
            )
            connection.execute(
                "update person set unit_id = (select id from unit where code = 'VNPT-HCM')"
                f" where {own}"
            )
        answer = await ask(http, CLOSE, "tttt-admin", unit="VNPT-HNI", reason="x")
        returned = one(
            programme, f"select count(*) from initiative where state = 'RETURNED' and {own}"
        )
        assert (answer["__typename"], answer["code"]) == ("UnitRejected", "HAS_RETURNED")
        assert answer["count"] == returned > 0
        assert str(returned) in answer["message"]
        into = {"units": ["VNPT-HNI"], "into": "VNPT-HCM", "reason": "x"}
        merged = await ask(http, MERGE, "tttt-admin", **into)
        assert merged["__typename"] == "MergeUnitsPayload"
