"""The programme's figures, queried as the accounts of the demo query them."""

import pytest

from tests.client import client

PROGRESS = """
query ($code: String!) {
  unit(code: $code) {
    p1: progress(campaign: "1TRSK", phase: 1) {
      achieved target percent tiers { tier { label } count } pace { status }
    }
    p2: progress(campaign: "1TRSK", phase: 2) {
      target achieved pace { day days expectedByToday status }
    }
    awardsIssued { totalCount }
    awards { totalCount nodes { issuedBy { code } } }
  }
  campaign(code: "1TRSK") { phases { ordinal opensOn closesOn status floor day days occasions } }
}
"""


async def test_the_sector_unions_admin_sees_the_articles_figures(demo):
    async with client(demo) as api:
        data = await api.data(PROGRESS, "tttt-admin", variables={"code": "TTTT"})
    first, second = data["unit"]["p1"], data["unit"]["p2"]
    assert (first["achieved"], first["target"], first["percent"]) == (3572, 3000, 119.07)
    assert [tier["count"] for tier in first["tiers"]] == [39, 14]
    assert first["pace"]["status"] == "ACHIEVED"
    assert data["unit"]["awardsIssued"]["totalCount"] == 29
    assert second["target"] == 5191
    assert second["pace"]["day"] == 143
    assert second["pace"]["days"] == 487
    assert second["pace"]["expectedByToday"] == 1524.3


async def test_phases_stand_as_the_article_dates_them(demo):
    async with client(demo) as api:
        data = await api.data(PROGRESS, variables={"code": "TLD"})
    first, second = data["campaign"]["phases"]
    assert (first["opensOn"], first["closesOn"], first["status"]) == (
        "2022-02-01",
        "2022-05-31",
        "CLOSED",
    )
    assert (second["opensOn"], second["closesOn"], second["status"]) == (
        "2022-06-01",
        "2023-09-30",
        "ACTIVE",
    )
    assert (first["floor"], second["floor"], second["day"], second["days"]) == (1, 2, 143, 487)


async def test_the_confederation_commended_thirteen_units_and_ttt_alone_of_its_bloc(demo):
    query = """{ unit(code: "TLD") { awardsIssued(first: 50) { nodes {
      form recipientUnit { code bloc { code } } } } }
      unit2: unit(code: "TTTT") { bloc { code } } }"""
    async with client(demo) as api:
        data = await api.data(query, "confed-admin")
    awards = data["unit"]["awardsIssued"]["nodes"]
    bloc = data["unit2"]["bloc"]
    assert len(awards) == 13
    assert {award["form"] for award in awards} == {"BANG_KHEN"}
    assert [a["recipientUnit"]["code"] for a in awards if a["recipientUnit"]["bloc"] == bloc] == [
        "TTTT"
    ]


TREE = """{
  viewer { units { code } }
  units(first: 100) { totalCount nodes {
    code parent { code } progress(campaign: "1TRSK") { achieved } } }
  initiatives(first: 100) { nodes { unit { code } authors { person { name email phone } } } }
}"""


async def test_each_level_sees_its_own_subtree_and_the_root_alone_above(demo):
    async with client(demo) as api:
        upper = await api.data(TREE, "upper-officer")
        unit = await api.data(TREE, "unit-officer")
    assert upper["viewer"]["units"] == [{"code": "VNPT"}]
    codes = {node["code"] for node in upper["units"]["nodes"]}
    assert all(code == "TLD" or code.startswith("VNPT") for code in codes)
    assert len(codes) > 2
    assert {node["code"] for node in unit["units"]["nodes"]} == {"TLD", "VNPT-HNI"}


async def test_totals_of_an_officers_unit_are_the_sum_of_its_children(demo):
    query = """{ unit(code: "VNPT") {
      progress(campaign: "1TRSK", phase: 1) { achieved submitted participants benefitVerified }
      children(first: 100) { nodes { progress(campaign: "1TRSK", phase: 1) {
        achieved submitted participants benefitVerified } } }
    } }"""
    async with client(demo) as api:
        unit = (await api.data(query, "upper-officer"))["unit"]
    children = [child["progress"] for child in unit["children"]["nodes"]]
    for figure, total in unit["progress"].items():
        assert total == sum(child[figure] for child in children), figure


async def test_an_auditor_sees_everything_with_personal_data_masked(demo):
    async with client(demo) as api:
        data = await api.data(TREE, "auditor")
        admin = await api.data(TREE, "confed-admin")
    assert data["units"]["totalCount"] == admin["units"]["totalCount"]
    people = [
        author["person"] for node in data["initiatives"]["nodes"] for author in node["authors"]
    ]
    assert people
    for person in people:
        assert all(len(part) == 2 and part.endswith(".") for part in person["name"].split())
        assert person["email"] in (None, "***")
        assert person["phone"] in (None, "***")


@pytest.mark.parametrize("username", [None, "nobody"])
async def test_whoever_has_no_grants_sees_the_public_part(demo, username):
    async with client(demo) as api:
        data = await api.data(TREE, username)
        hidden = await api.data('{ unit(code: "TTTT") { code } }', username)
    assert data["viewer"]["units"] == [{"code": "TLD"}]
    assert [node["code"] for node in data["units"]["nodes"]] == ["TLD"]
    assert hidden == {"unit": None}
    assert data["initiatives"]["nodes"], "published ones are for all"
    for node in data["initiatives"]["nodes"]:
        assert all(author["person"] is None for author in node["authors"])


BODY = """query ($number: String!) { initiative(number: $number) {
  confidential content authors { person { name } } } }"""


async def test_a_confidential_body_is_for_its_author_officers_and_council(demo):
    query = """{ initiatives(first: 100, filter: { confidential: true, under: "VNPT-HNI" }) {
      nodes { number } } }"""
    async with client(demo) as api:
        own = await api.data(
            "{ initiatives(first: 100, filter: { confidential: true }) { nodes { number } } }",
            "member",
        )
        all_of_unit = await api.data(query, "unit-officer")
        numbers = {node["number"] for node in all_of_unit["initiatives"]["nodes"]}
        number = next(n["number"] for n in own["initiatives"]["nodes"] if n["number"] in numbers)
        seen = {
            username: (await api.data(BODY, username, variables={"number": number}))["initiative"]
            for username in (
                "member",
                "support",
                "unit-officer",
                "council",
                "tttt-admin",
                "auditor",
            )
        }
    with_body = {username for username, row in seen.items() if row and row["content"]}
    assert with_body == {"member", "unit-officer", "council"}
    assert seen["council"]["authors"][0]["person"] is None
