"""Moves through the API and from files, during closed, frozen and open phases."""

import pytest

from db.commands import people, reviews
from db.rules.errors import ConflictError, DomainError, ForbiddenError
from tests.client import client
from tests.deciding import appoint, approve, freeze, handed_in
from tests.filing import PEOPLE, sangkien, written
from tests.mutating import ask, change, differing, rows, value, writing
from tests.phase_documents import FIRST, FREEZE
from tests.test_awards import GRANT, TEXT
from tests.test_races import caller, together
from tests.test_roll_of_members import MOVE, UPDATE
from tests.test_unit_merge import MERGE

FIGURES = """select unit_id, ordinal, sum(participants) as participants, sum(achieved) as achieved
    from rollup group by 1, 2 order by 1, 2"""
FROZEN = """select unit_id, (figures ->> 'participants')::int as participants
    from phase_result order by 1"""
UNBALANCED = """select count(*) from phase_result f
    where (f.figures ->> 'participants')::int is distinct from (
        select coalesce(sum(r.participants), 0) from rollup r
        where r.unit_id = f.unit_id and r.ordinal = 1)"""
COUNTED = """select u.code, p.ordinal from participation t join unit u on u.id = t.unit_id
    left join phase p on p.ordinal = t.ordinal and p.campaign_id = t.campaign_id
    where t.person_id = (select person_id from account where username = 'member')
        and t.initiatives > 0 order by t.ordinal"""
AUTHORS = """select p.code from person p join unit u on u.id = p.unit_id
    where u.code = 'VNPT-HNI' and exists (
        select from participation t where t.person_id = p.id and t.ordinal = 1 and initiatives > 0)
    order by p.code limit %s"""
ID = "select person_id from account where username = 'member'"
MEMBER = f"select code from person where id = ({ID})"
MEMBERSHIPS = """query ($code: String!) { person(code: $code) { memberships {
    nodes { validFrom validTo unit { code } } } } }"""


@pytest.fixture
async def http(programme):
    async with client(programme) as made:
        yield made


async def move(http, person, unit="VNPT-HCM", who="tttt-admin"):
    given = {"person": person, "unit": unit, "reason": "Chuyển công tác"}
    answer = await ask(http, MOVE, who, **given)
    assert answer.keys() == {"person"}, answer


@pytest.mark.parametrize("frozen", [False, True], ids=["closed", "frozen"])
async def test_moves_change_no_figure_of_a_phase_that_is_over(http, programme, frozen):
    if frozen:
        assert (await ask(http, FREEZE, "confed-admin", **FIRST))["__typename"] == "PhasePayload"
    today, then = rows(programme, FIGURES), rows(programme, FROZEN)
    movers = [row["code"] for row in rows(programme, AUTHORS, 5)]
    assert len(movers) == 5
    for code in movers:
        await move(http, code)
    assert rows(programme, FIGURES) == today
    assert rows(programme, FROZEN) == then
    assert value(programme, UNBALANCED) == 0
    assert len(then) == (value(programme, "select count(*) from unit") if frozen else 0)
    assert differing(programme) == 0


async def test_in_an_open_phase_what_comes_after_a_move_counts_at_the_new_unit(http, programme):
    change(programme, f"delete from authorship where person_id = ({ID})")
    before = await handed_in(http)
    await approve(http, "unit-officer", before)
    after = await handed_in(http)
    await move(http, value(programme, MEMBER))
    assert rows(programme, COUNTED) == [
        {"code": "VNPT-HNI", "ordinal": None},
        {"code": "VNPT-HNI", "ordinal": 2},
    ]
    # The unit still decides on what was submitted there; the author counts at the new one.
    await approve(http, "unit-officer", after)
    counted = rows(
        programme,
        """select i.number, u.code from authorship a join initiative i on i.id = a.initiative_id
           join unit u on u.id = a.counted_unit_id where i.number = any (%s) order by i.id""",
        [before, after],
    )
    assert [row["code"] for row in counted] == ["VNPT-HNI", "VNPT-HCM"]
    change(programme, "update initiative set state = 'REVOKED' where number = %s", before)
    assert {row["code"] for row in rows(programme, COUNTED)} == {"VNPT-HCM"}
    change(programme, "update initiative set state = 'RECOGNISED' where number = %s", before)
    assert {row["code"] for row in rows(programme, COUNTED)} == {"VNPT-HNI"}
    assert differing(programme) == 0


def test_a_file_that_moves_a_hundred_people_changes_no_figure(programme, tmp_path):
    freeze(programme, 1)
    found = rows(
        programme,
        """select p.code, p.name, p.sector from person p join unit u on u.id = p.unit_id
           where u.path <@ (select path from unit where code = 'VNPT') and u.code <> 'VNPT-HCM'
           order by p.id limit 100""",
    )
    assert len(found) == 100
    before = rows(programme, FIGURES)
    table = [(one["code"], one["name"], "VNPT-HCM", one["sector"]) for one in found]
    file = written(tmp_path / "people.csv", PEOPLE[:4], *table)
    done = sangkien(programme, "import", "people", file, "--as", "tttt-admin")
    assert (done.exit_code, done.stdout) == (0, "100 people imported\n"), done.stderr
    assert rows(programme, FIGURES) == before
    moved = """select count(*) from membership m join unit u on u.id = m.unit_id
        where u.code = 'VNPT-HCM' and m.valid_from = '2022-10-21' and m.valid_to is null"""
    assert value(programme, moved) == 100
    assert differing(programme) == 0


async def test_a_merge_carries_those_who_had_left_to_the_unit_that_goes_on(http, programme):
    (mover, *_) = [row["code"] for row in rows(programme, AUTHORS, 1)]
    await move(http, mover)
    sums = """select sum(participants) from rollup r join unit u on u.id = r.unit_id
        where u.code = any (%s) and ordinal = 1"""
    both = value(programme, sums, ["VNPT-HNI", "VNPT-DNG"])
    merged = await ask(
        http, MERGE, "tttt-admin", units=["VNPT-HNI"], into="VNPT-DNG", reason="Sáp nhập"
    )
    assert merged["__typename"] == "MergeUnitsPayload"
    assert value(programme, sums, ["VNPT-DNG"]) == both
    assert value(programme, sums, ["VNPT-HNI"]) == 0
    at = """select distinct u.code from authorship a join unit u on u.id = a.counted_unit_id
        where a.person_id = (select id from person where code = %s)"""
    assert rows(programme, at, mover) == [{"code": "VNPT-DNG"}]
    assert differing(programme) == 0


async def test_two_moves_beside_a_confirmation_leave_exact_totals(http, programme):
    appoint(programme, "second-admin", "ADMIN", "TTTT")
    code = value(programme, MEMBER)
    for _ in range(5):
        number = await handed_in(http)

        async def to_hcm(session):
            return await people.move(session, person=code, unit="VNPT-HCM", reason="x")

        async def to_dng(session):
            return await people.move(session, person=code, unit="VNPT-DNG", reason="x")

        async def decide(session, number=number):
            return await reviews.review(session, number=number, decision="APPROVE")

        met = await together(
            programme,
            (await caller(programme, "tttt-admin"), to_hcm),
            (await caller(programme, "second-admin"), to_dng),
            (await caller(programme, "unit-officer"), decide),
        )
        wrong = [one for one in met if isinstance(one, Exception)]
        assert all(isinstance(one, ConflictError) for one in wrong), wrong
        assert not isinstance(met[2], DomainError)
        assert differing(programme) == 0
        await move(http, code, "VNPT-HNI")
    open_ = "select count(*) from membership where valid_to is null"
    assert value(programme, open_) == value(programme, "select count(*) from person")


async def test_a_person_has_the_units_they_belonged_to(http, programme):
    code = value(programme, MEMBER)
    await move(http, code)
    change(
        programme,
        """update membership set valid_from = '2020-01-01'
           where valid_from is null and person_id = (select id from person where code = %s)""",
        code,
    )
    nodes = (await http.data(MEMBERSHIPS, "tttt-admin", variables={"code": code}))["person"]
    now, then = nodes["memberships"]["nodes"]
    assert now == {"validFrom": "2022-10-21", "validTo": None, "unit": {"code": "VNPT-HCM"}}
    assert then == {
        "validFrom": "2020-01-01",
        "validTo": "2022-10-20",
        "unit": {"code": "VNPT-HNI"},
    }


async def test_a_unit_hidden_from_the_viewer_is_null_among_memberships(http, programme):
    code = value(programme, MEMBER)
    await move(http, code)
    appoint(programme, "hcm-officer", "OFFICER", "VNPT-HCM")
    seen = (await http.data(MEMBERSHIPS, "hcm-officer", variables={"code": code}))["person"]
    units = [node["unit"] for node in seen["memberships"]["nodes"]]
    assert units == [{"code": "VNPT-HCM"}, None]
    for who in ("council", "nobody", None):
        assert (await http.data(MEMBERSHIPS, who, variables={"code": code}))["person"] is None


AUTHORS_OF = """query ($number: String!) { initiative(number: $number) { authors { share person {
    code name email phone sector unit { code } account { username }
    memberships { nodes { validTo } } } } } }"""
BY_CODE = "query ($code: String!) { person(code: $code) { name } }"


async def author_of(http, who, number):
    """Return the only author of an initiative as an account sees them."""
    found = await http.data(AUTHORS_OF, who, variables={"number": number})
    (author,) = found["initiative"]["authors"]
    return author["person"]


@pytest.fixture
async def moved(http, programme):
    """Return an initiative achieved at VNPT-HNI, and its author, who now belongs to VNPOST."""
    number = await handed_in(http)
    await approve(http, "unit-officer", number)
    (author,) = rows(programme, f"select * from person where id = ({ID})")
    await move(http, author["code"], "VNPOST")
    return number, author


@pytest.mark.parametrize("who", ["unit-officer", "upper-officer", "support"])
async def test_a_unit_goes_on_seeing_who_authored_its_initiatives(http, moved, who):
    number, author = moved
    assert await author_of(http, who, number) == {
        **{name: author[name] for name in ("code", "name", "sector")},
        # Contact, unit and account are visible to their new unit only.
        "email": "***",
        "phone": "***",
        "unit": None,
        "account": None,
        "memberships": {"nodes": []},
    }
    found = await http.data(BY_CODE, who, variables={"code": author["code"]})
    assert found["person"] == {"name": author["name"]}
    listed = """{ unit(code: "VNPT-HNI") { people(first: 100) { nodes { code } } } }"""
    members = (await http.data(listed, who))["unit"]["people"]["nodes"]
    assert author["code"] not in [one["code"] for one in members]


async def test_who_sees_both_units_sees_all_of_an_author_who_moved(http, moved):
    number, author = moved
    seen = await author_of(http, "tttt-admin", number)
    assert (seen["email"], seen["unit"]) == (author["email"], {"code": "VNPOST"})
    assert seen["account"] == {"username": "member"}
    assert len(seen["memberships"]["nodes"]) == 2


@pytest.mark.parametrize("who", ["council", "nobody", None])
async def test_others_go_on_seeing_nobody(http, programme, moved, who):
    number, author = moved
    change(programme, "update initiative set published_at = now() where number = %s", number)
    assert await author_of(http, who, number) is None
    assert await http.data(BY_CODE, who, variables={"code": author["code"]}) == {"person": None}


async def test_a_unit_awards_authors_who_have_moved_and_nobody_else_of_their_new_unit(
    http, programme, moved
):
    _, author = moved
    given = {**TEXT, "form": "GIAY_KHEN", "issuer": "VNPT", "campaign": "1TRSK", "phase": 2}
    answer = await ask(http, GRANT, "upper-officer", **given, recipientPerson=author["code"])
    assert answer["award"]["recipientPerson"] == {"code": author["code"]}
    other = value(
        programme,
        f"""select min(code) from person where id <> ({ID}) and unit_id = (
            select id from unit where code = 'VNPOST')""",
    )
    refused = await ask(http, GRANT, "tttt-admin", **given, recipientPerson=other)
    assert refused["code"] == "OUTSIDE_SUBTREE"


async def test_what_is_not_achieved_is_no_reason_for_an_award(http, programme):
    number = await handed_in(http)
    change(
        programme,
        f"""delete from authorship where person_id = ({ID})
            and initiative_id <> (select id from initiative where number = %s)""",
        number,
    )
    code = value(programme, MEMBER)
    await move(http, code, "VNPOST")
    given = {**TEXT, "issuer": "VNPT", "recipientPerson": code}
    assert (await ask(http, GRANT, "upper-officer", **given))["code"] == "OUTSIDE_SUBTREE"


async def test_the_database_refuses_awards_to_those_who_achieved_nothing_there(programme, moved):
    _, author = moved
    add = f"""insert into award (form, issuer_id, recipient_person_id, citation, decision_number,
        awarded_on) select 'BANG_KHEN', u.id, {author["id"]}, 'x', '1', '2022-01-01' from unit u
        where u.code = '{{}}'"""
    async with writing(programme) as session:
        assert await session.execute("upper-officer", add.format("VNPT")) == 1
        change(programme, f"update authorship set counted_unit_id = null where person_id = ({ID})")
        with pytest.raises(ForbiddenError):
            await session.execute("unit-officer", add.format("VNPT-HNI"))


async def test_the_unit_that_an_author_has_left_does_not_change_them(http, moved):
    _, author = moved
    given = {"person": author["code"], "unit": "VNPT-HNI", "reason": "x"}
    refused = await ask(http, MOVE, "unit-officer", **given)
    assert (refused["code"], refused["unitCode"]) == ("FORBIDDEN", None)
    refused = await ask(http, UPDATE, "unit-officer", person=author["code"], name="x")
    assert (refused["code"], refused["unitCode"]) == ("FORBIDDEN", None)
