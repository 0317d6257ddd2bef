"""`Initiative.viewerCan` has the permissions with which the commands accept an action."""

import pytest

from auth.tokens import READ
from tests.deciding import REVIEW, ask, handed_in
from tests.mutating import change, value
from tests.test_initiatives import EDIT, drafted
from tests.token_holding import holding

CAN = "query ($number: String!) { initiative(number: $number) { viewerCan } }"
OWN, WRITE = "INITIATIVE_OWN", "INITIATIVE_WRITE"
DECIDE, CURATE = "INITIATIVE_REVIEW", "INITIATIVE_CURATE"


@pytest.fixture
async def http(programme):
    """A site with the demo's data."""
    async with holding(programme) as made:
        yield made


async def can(http, username, number, token=None):
    """Return an account's permissions; None if it does not see the initiative."""
    given = {"number": number}
    asked = http.asked(token, CAN, **given) if token else None
    data = await (asked or http.data(CAN, username, variables=given))
    return data["initiative"] and data["initiative"]["viewerCan"]


def names_author(url: str, number: str, username: str) -> None:
    """Make an account's person the only author of an initiative."""
    change(
        url,
        """update authorship set person_id = (select person_id from account where username = %s)
           where initiative_id = (select id from initiative where number = %s)""",
        *(username, number),
    )


async def test_a_draft_is_its_authors_and_its_units(http):
    number = await drafted(http)
    assert await can(http, "member", number) == [OWN]
    assert await can(http, "support", number) == [WRITE]
    assert await can(http, "unit-officer", number) == [CURATE, WRITE]
    assert await can(http, "upper-officer", number) == [CURATE, WRITE]
    assert await can(http, "confed-admin", number) == [CURATE]
    assert await can(http, "council", number) == []
    assert await can(http, "auditor", number) == []
    assert await can(http, "nobody", number) is None


async def test_a_decision_is_for_whom_it_awaits_and_nobody_else(http):
    number = await handed_in(http)
    assert await can(http, "unit-officer", number) == [CURATE, DECIDE, WRITE]
    assert await can(http, "upper-officer", number) == [CURATE, WRITE]
    assert await can(http, "council", number) == []
    for officer in ("unit-officer", "upper-officer"):
        await ask(http, REVIEW, officer, number=number, decision="APPROVE")
    assert await can(http, "unit-officer", number) == [CURATE, WRITE]
    assert await can(http, "council", number) == [DECIDE]
    assert await can(http, "tttt-admin", number) == [CURATE, DECIDE]
    assert await can(http, "confed-admin", number) == [CURATE]
    await ask(http, REVIEW, "council", number=number, decision="APPROVE")
    assert await can(http, "council", number) == []
    assert await can(http, "tttt-admin", number) == [CURATE]


async def test_nobody_decides_on_their_own(programme, http):
    number = await handed_in(http)
    names_author(programme, number, "unit-officer")
    assert await can(http, "unit-officer", number) == [CURATE, WRITE]
    answer = await ask(http, REVIEW, "unit-officer", number=number, decision="APPROVE")
    assert answer["__typename"] != "InitiativePayload"


async def test_whoever_drafted_it_writes_it_wherever_it_went(programme, http):
    number = await drafted(http)
    names_author(programme, number, "support")
    change(programme, "update initiative set published_at = now() where number = %s", number)
    assert await can(http, "member", number) == [OWN]
    edited = await ask(http, EDIT, "member", number=number, title="Tên khác")
    assert edited["__typename"] == "InitiativePayload", edited
    role = "update role_grant set revoked_at = now() where account_id = %s"
    change(programme, role, value(programme, "select id from account where username = 'member'"))
    assert await can(http, "member", number) == []
    assert (await ask(http, EDIT, "member", number=number, title="x"))["code"] == "FORBIDDEN"


async def test_what_is_published_is_for_others_to_read(programme, http):
    number = await drafted(http)
    change(programme, "update initiative set published_at = now() where number = %s", number)
    for username in (None, "nobody"):
        assert await can(http, username, number) == []


async def test_an_auditor_writes_nothing_whatever_else_it_was_granted(programme, http):
    number = await drafted(http)
    change(
        programme,
        """insert into role_grant (account_id, role, unit_id, valid_from)
           select a.id, 'AUDITOR', u.id, '2022-01-01' from account a, unit u
           where a.username in ('member', 'unit-officer') and u.code = 'TTTT'""",
    )
    assert await can(http, "member", number) == []
    assert await can(http, "unit-officer", number) == []


async def test_a_limited_token_may_what_it_is_for(http):
    number = await drafted(http)
    reading = http.token("member", scope=READ)
    assert await can(http, None, number, reading) == []
    only = await http.secret("unit-officer", permissions=["INITIATIVE_READ", DECIDE])
    assert await can(http, None, number, only) == []
    waiting = await handed_in(http)
    assert await can(http, None, waiting, only) == [DECIDE]
    assert await can(http, None, waiting, await http.secret("unit-officer", readOnly=True)) == []
    elsewhere = await http.secret("member", unit="VNPT-HNI")
    assert await can(http, None, number, elsewhere) is None
