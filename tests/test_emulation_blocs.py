"""Emulation blocs with their units, as far as the caller sees them."""

from tests.client import client

BLOCS = """query ($filter: UnitFilter) { emulationBlocs(first: 20) { totalCount nodes { code name
    units(first: 100, filter: $filter) { totalCount nodes { code bloc { code } } } } } }"""


async def blocs(http, username, **filter_):
    found = await http.data(BLOCS, username, variables={"filter": filter_ or None})
    return found["emulationBlocs"]["nodes"]


async def test_every_bloc_has_the_units_that_are_compared_in_it(demo):
    async with client(demo) as http:
        found = await blocs(http, "confed-admin")
        listed = await http.data(
            "{ units(first: 100) { nodes { code bloc { code } } } }", "confed-admin"
        )
    assert [bloc["code"] for bloc in found] == sorted(bloc["code"] for bloc in found)
    for bloc in found:
        codes = {node["code"] for node in bloc["units"]["nodes"]}
        within = {
            unit["code"]
            for unit in listed["units"]["nodes"]
            if unit["bloc"] and unit["bloc"]["code"] == bloc["code"]
        }
        assert within <= codes
        assert {node["bloc"]["code"] for node in bloc["units"]["nodes"]} <= {bloc["code"]}
        assert bloc["units"]["totalCount"] >= len(within)
    assert any(bloc["units"]["totalCount"] for bloc in found)


async def test_a_bloc_is_no_secret_and_its_units_are(demo):
    async with client(demo) as http:
        whole, own = await blocs(http, "confed-admin"), await blocs(http, "tttt-admin")
        public = await blocs(http, None)
        sifted = await blocs(http, "confed-admin", level="FEDERATION")
    codes = [bloc["code"] for bloc in whole]
    assert codes == [bloc["code"] for bloc in own] == [bloc["code"] for bloc in public]
    assert {node["code"] for bloc in public for node in bloc["units"]["nodes"]} <= {"TLD"}
    seen = {node["code"] for bloc in own for node in bloc["units"]["nodes"]}
    assert "TTTT" in seen
    assert seen < {node["code"] for bloc in whole for node in bloc["units"]["nodes"]}
    within = {node["code"] for bloc in sifted for node in bloc["units"]["nodes"]}
    assert "TTTT" in within
    assert within < {node["code"] for bloc in whole for node in bloc["units"]["nodes"]}
