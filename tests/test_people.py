"""People of a unit: possible authors, without any data of masked people."""

import pytest

from tests.client import client
from tests.mutating import ask, change, rows
from tests.test_initiatives import DRAFT, TEXT

PEOPLE = """query ($unit: String!, $text: String) { unit(code: $unit) { people(first: 100,
    filter: {text: $text}) { totalCount nodes { code name email unit { code } } } } }"""


@pytest.fixture
async def http(programme):
    """The demo, with four more people at VNPT-HNI and one at VNPT."""
    change(
        programme,
        """insert into person (code, name, unit_id, sector, email)
           select p.code, p.name, u.id, 'PRODUCTION', p.code || '@example.test'
           from (values ('T-001', 'Đỗ Thị Ánh', 'VNPT-HNI'), ('T-002', 'Trần Anh Tuấn', 'VNPT-HNI'),
               ('X-003', 'Lê Văn Tú', 'VNPT-HNI'), ('T-004', 'Đỗ Thị Ánh', 'VNPT')
           ) as p (code, name, unit) join unit u on u.code = p.unit""",
    )
    async with client(programme) as made:
        yield made


async def people(http, username, text=None, unit="VNPT-HNI"):
    """Return the codes of the people of a unit that an account sees."""
    found = (await http.data(PEOPLE, username, variables={"unit": unit, "text": text}))["unit"]
    if found is None:
        return None
    assert found["people"]["totalCount"] == len(found["people"]["nodes"])
    return [node["code"] for node in found["people"]["nodes"]]


async def test_whoever_writes_on_behalf_finds_whom_to_name(http):
    listed = await people(http, "support")
    assert listed[-3:] == ["T-001", "T-002", "X-003"]
    assert await people(http, "support", "t-00") == ["T-001", "T-002"]
    given = {**TEXT, "unit": "VNPT-HNI", "authors": [{"person": "T-002", "share": 100}]}
    answer = await ask(http, DRAFT, "support", **given)
    assert answer["__typename"] == "InitiativePayload", answer


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("ánh", ["T-001", "T-002"]),  # the beginning of a word, whatever its diacritics
        ("ANH T", ["T-002"]),
        ("do thi", ["T-001"]),
        ("nh t", []),
        ("001", []),
        ("x-00", ["X-003"]),
        ("%001", []),
        ("_nh t", []),
        ("'; drop table person; --", []),
    ],
)
async def test_a_text_is_the_beginning_of_a_code_or_of_a_word_of_a_name(http, text, codes):
    found = await people(http, "unit-officer", text)
    assert [code for code in found if not code.startswith("SYN-")] == codes


async def test_without_a_text_everybody_is_listed(programme, http):
    everybody = rows(
        programme,
        """select p.code from person p join unit u on u.id = p.unit_id
           where u.code = 'VNPT-HNI' order by p.id""",
    )
    codes = [person["code"] for person in everybody]
    assert await people(http, "unit-officer") == codes


async def test_it_is_the_unit_itself_and_not_what_is_below(http):
    assert "T-004" in await people(http, "upper-officer", unit="VNPT")
    assert "T-001" not in await people(http, "upper-officer", unit="VNPT")


async def test_a_member_and_a_council_are_told_of_nobody_but_themselves(programme, http):
    own = rows(
        programme,
        """select p.code from account a join person p on p.id = a.person_id
           where a.username = 'member'""",
    )
    assert await people(http, "member") == [own[0]["code"]]
    assert await people(http, "member", "t-00") == []
    assert await people(http, "council") == []
    assert await people(http, "nobody") is None
    assert await people(http, None, unit="TLD") == []


async def test_an_auditor_counts_people_and_cannot_find_out_who_they_are(http):
    shown = await http.data(PEOPLE, "auditor", variables={"unit": "VNPT-HNI"})
    found = shown["unit"]["people"]
    assert found["totalCount"] >= 4
    assert {node["code"] for node in found["nodes"]} == {"***"}
    assert {node["name"] for node in found["nodes"]} >= {"Đ. T. Á."}
    assert {node["email"] for node in found["nodes"]} <= {"***", None}
    for text in ("T-001", "do thi", "Đ. T. Á."):
        assert await people(http, "auditor", text) == []


async def test_cursors_hold_no_personal_data(http):
    query = """query ($after: String) { unit(code: "VNPT-HNI") { people(first: 1, after: $after) {
        edges { cursor node { code } } pageInfo { endCursor hasNextPage } } } }"""
    after, codes = None, []
    while True:
        data = await http.data(query, "unit-officer", variables={"after": after})
        page = data["unit"]["people"]
        codes += [edge["node"]["code"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert codes == await people(http, "unit-officer")
