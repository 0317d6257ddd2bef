"""The roll of members through the API: added, changed, moved by OFFICER and ADMIN; and blocs."""

import pytest

from tests.client import client
from tests.mutating import ERRORS, ask, change, differing, value

PERSON = "code name sector email phone version unit { code }"
ADD, UPDATE, MOVE = (
    f"mutation ($input: {verb}PersonInput!) {{ {verb.lower()}Person(input: $input)"
    f" {{ ... on PersonPayload {{ person {{ {PERSON} }} }} {ERRORS} }} }}"
    for verb in ("Add", "Update", "Move")
)
CREATE_BLOC, UPDATE_BLOC = (
    f"mutation ($input: {verb}BlocInput!) {{ {verb.lower()}Bloc(input: $input)"
    f" {{ ... on BlocPayload {{ bloc {{ code name }} }} {ERRORS} }} }}"
    for verb in ("Create", "Update")
)
NEW = {"code": "T-1", "name": "Nguyễn Văn Thử", "unit": "VNPT-HNI", "sector": "PRODUCTION"}


@pytest.fixture
async def http(programme):
    async with client(programme) as made:
        yield made


@pytest.mark.parametrize("who", ["unit-officer", "tttt-admin", "confed-admin"])
async def test_officers_and_administrators_add_members_in_their_subtree(http, who):
    answer = await ask(http, ADD, who, **NEW, email="thu@example.test")
    assert answer["person"] == {
        **NEW,
        "unit": {"code": "VNPT-HNI"},
        "email": "thu@example.test",
        "phone": None,
        "version": 1,
    }


@pytest.mark.parametrize(
    ("who", "given", "code"),
    [
        ("support", {}, "FORBIDDEN"),
        ("council", {}, "FORBIDDEN"),
        ("member", {}, "FORBIDDEN"),
        ("tttt-auditor", {}, "AUDITOR"),
        ("unit-officer", {"unit": "TLD"}, "FORBIDDEN"),  # visible, as to everybody
        ("unit-officer", {"unit": "VNPT"}, "NOT_FOUND"),
        ("tttt-admin", {"code": "SYN-0000001"}, "TAKEN"),
        ("tttt-admin", {"email": "thu"}, "INVALID_INPUT"),
        ("tttt-admin", {"phone": "x"}, "INVALID_INPUT"),
        ("tttt-admin", {"name": " "}, "INVALID_INPUT"),
        ("tttt-admin", {"code": "t 1"}, "INVALID_INPUT"),
    ],
)
async def test_a_member_is_not_added(http, programme, who, given, code):
    before = value(programme, "select count(*) from person")
    assert (await ask(http, ADD, who, **NEW | given))["code"] == code
    assert value(programme, "select count(*) from person") == before


async def test_a_code_that_a_hidden_member_has_is_taken(http, programme):
    hidden = value(
        programme,
        """select p.code from person p join unit u on u.id = p.unit_id
           where u.code not like 'VNPT%%' order by p.id desc limit 1""",
    )
    assert (await ask(http, ADD, "unit-officer", **NEW | {"code": hidden}))["code"] == "TAKEN"


async def test_a_member_is_changed_and_what_is_left_out_stays(http):
    await ask(http, ADD, "unit-officer", **NEW, email="thu@example.test", phone="0912345678")
    given = {"person": "T-1", "version": 1, "name": "Nguyễn Thị Thử", "email": None}
    answer = await ask(http, UPDATE, "unit-officer", **given)
    assert answer["person"]["name"] == "Nguyễn Thị Thử"
    assert answer["person"]["email"] is None
    assert answer["person"]["phone"] == "0912345678"
    assert answer["person"]["version"] == 2
    stale = await ask(http, UPDATE, "unit-officer", **given)
    assert (stale["code"], stale["version"]) == ("STALE", 2)


async def test_a_move_takes_the_permission_at_both_units(http, programme):
    await ask(http, ADD, "unit-officer", **NEW)
    given = {"person": "T-1", "unit": "VNPT-HCM", "reason": "chuyển công tác"}
    other = value(programme, "select count(*) from unit where code = 'VNPT-HCM'")
    assert other == 1
    assert (await ask(http, MOVE, "unit-officer", **given))["code"] in ("NOT_FOUND", "FORBIDDEN")
    moved = await ask(http, MOVE, "tttt-admin", **given)
    assert moved["person"]["unit"] == {"code": "VNPT-HCM"}
    assert (await ask(http, MOVE, "unit-officer", **given))["code"] == "NOT_FOUND"
    closed = {"person": "T-1", "unit": "VNPT-HNI", "reason": "x"}
    change(programme, "update unit set valid_to = '2022-10-01' where code = 'VNPT-HNI'")
    assert (await ask(http, MOVE, "tttt-admin", **closed))["code"] == "UNIT_CLOSED"
    assert differing(programme) == 0


async def test_people_of_a_subtree_are_listed(http, programme):
    query = """query ($under: String!, $text: String) { people(under: $under, first: 100,
        filter: {text: $text}) { totalCount nodes { code unit { code } } } }"""
    await ask(http, ADD, "unit-officer", **NEW)
    count = """select count(*) from person p join unit u on u.id = p.unit_id
        join unit top on u.path <@ top.path where top.code = 'VNPT'"""
    given = {"under": "VNPT", "text": None}
    listed = (await http.data(query, "tttt-admin", variables=given))["people"]
    assert listed["totalCount"] == value(programme, count)
    found = (await http.data(query, "tttt-admin", variables=given | {"text": "nguyen van thu"}))[
        "people"
    ]
    assert "T-1" in [node["code"] for node in found["nodes"]]
    for who in (None, "nobody", "member"):
        seen = (await http.data(query, who, variables={"under": "TLD", "text": None}))["people"]
        assert seen["totalCount"] == (1 if who == "member" else 0)


async def test_blocs_are_created_and_renamed_where_the_root_is_managed(http):
    bloc = {"code": "KHOI-9", "name": "Khối thi đua số 9"}
    assert (await ask(http, CREATE_BLOC, "tttt-admin", **bloc))["code"] == "FORBIDDEN"
    assert (await ask(http, CREATE_BLOC, "confed-admin", **bloc))["bloc"] == bloc
    assert (await ask(http, CREATE_BLOC, "confed-admin", **bloc))["code"] == "TAKEN"
    renamed = {"bloc": "KHOI-9", "name": "Khối 9"}
    assert (await ask(http, UPDATE_BLOC, "tttt-admin", **renamed))["code"] == "FORBIDDEN"
    assert (await ask(http, UPDATE_BLOC, "confed-admin", **renamed))["bloc"]["name"] == "Khối 9"
    unit = """mutation ($input: UpdateUnitInput!) { updateUnit(input: $input) {
        ... on UnitPayload { unit { bloc { code } } } } }"""
    put = await ask(http, unit, "tttt-admin", unit="VNPT-HNI", bloc="KHOI-9")
    assert put["unit"]["bloc"] == {"code": "KHOI-9"}


PHASE = {"campaign": "1TRSK", "phase": 2}


@pytest.mark.parametrize(
    ("filter_", "condition"),
    [
        (
            {"withoutOfficer": True},
            """not exists (select from role_grant g where g.unit_id = u.id and g.role = 'OFFICER'
                and g.revoked_at is null)""",
        ),
        (
            {"withoutOfficer": False},
            """exists (select from role_grant g where g.unit_id = u.id and g.role = 'OFFICER'
                and g.revoked_at is null)""",
        ),
        (
            {"withoutTarget": PHASE},
            """not exists (select from target t join phase p on p.id = t.phase_id
                where t.unit_id = u.id and p.ordinal = 2
                    and coalesce(t.assigned, t.registered) is not null)""",
        ),
        (
            {"withoutSubmission": PHASE},
            """not exists (select from initiative i join phase p on p.id = i.phase_id
                where i.path <@ u.path and p.ordinal = 2
                    and i.state not in ('DRAFT', 'WITHDRAWN', 'DUPLICATE'))""",
        ),
        (
            {"belowFloor": PHASE},
            """u.level = 'GRASSROOTS' and u.valid_to is null and (
                select count(*) from initiative i join phase p on p.id = i.phase_id
                where i.unit_id = u.id and p.ordinal = 2 and i.state in ('RECOGNISED', 'CONFIRMED')
            ) < 100""",
        ),
        (
            {"withoutOfficer": True, "belowFloor": PHASE, "level": "GRASSROOTS"},
            """u.level = 'GRASSROOTS' and u.valid_to is null and not exists (
                select from role_grant g where g.unit_id = u.id and g.role = 'OFFICER') and (
                select count(*) from initiative i join phase p on p.id = i.phase_id
                where i.unit_id = u.id and p.ordinal = 2 and i.state in ('RECOGNISED', 'CONFIRMED')
            ) < 100""",
        ),
    ],
)
async def test_units_are_listed_by_what_they_lack(http, programme, filter_, condition):
    change(
        programme, "delete from target where unit_id in (select id from unit order by id limit 3)"
    )
    change(
        programme,
        """insert into unit (code, name, level, parent_id, valid_from)
           select 'NEW-1', 'x', 'GRASSROOTS', id, '2022-01-01' from unit where code = 'VNPT'""",
    )
    change(programme, "update phase set floor = 100 where ordinal = 2")
    query = """query ($filter: UnitFilter, $after: String) { units(first: 100, after: $after,
        filter: $filter) { totalCount nodes { code } pageInfo { endCursor hasNextPage } } }"""
    expected = value(
        programme, f"select array_agg(u.code order by u.code) from unit u where {condition}"
    )
    page = (await http.data(query, "confed-admin", variables={"filter": filter_}))["units"]
    assert page["totalCount"] == len(expected or [])
    assert [node["code"] for node in page["nodes"]] == (expected or [])[:100]
    assert page["totalCount"] > 0


async def test_a_phase_that_is_not_there_lists_nothing(http):
    query = "query ($filter: UnitFilter) { units(filter: $filter) { totalCount } }"
    for name in ("withoutTarget", "withoutSubmission", "belowFloor"):
        for key in ({"campaign": "1TRSK", "phase": 9}, {"campaign": "X", "phase": 1}):
            data = await http.data(query, "confed-admin", variables={"filter": {name: key}})
            assert data["units"]["totalCount"] == 0
