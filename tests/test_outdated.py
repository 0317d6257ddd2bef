"""State that a caller or process cached before a concurrent change does not decide the outcome."""

from itertools import count

import pytest

from tests.model import cells
from tests.model.played import Played

_numbers = count()


@pytest.fixture
def played(server, template):
    nation = Played(server, template, f"outdated_{next(_numbers)}", cells.TODAY)
    yield nation
    nation.close()


def test_a_role_just_granted_allows_at_once_what_it_is_for(played):
    target = {"campaign": "C", "phase": 2, "unit": "FA", "registered": 5}
    assert played.do("nobody", "register_target", target) == ("Forbidden", "FORBIDDEN")
    given = {"username": "nobody", "role": "OFFICER", "unit": "FA"}
    assert played.do("admin-r", "grant_role", given) == ("GrantPayload", None)
    assert played.do("nobody", "register_target", target) == ("RegisterTargetPayload", None)
    assert played.rows("select count(*) from audit_event where kind = 'REFUSED'") == [(1,)]


def test_what_a_move_takes_from_the_last_level_awaits_the_last_that_decides(played):
    """Not a level above the confirming one, which could not decide on it."""
    campaign = {"code": "C", "confirming_level": "UPPER"}
    assert played.do("admin-r", "update_campaign", campaign) == ("CampaignPayload", None)
    number = cells.work(played, "GA1", "SUBMITTED")
    approve = {"number": number, "decision": "APPROVE"}
    assert played.do("officer-ga1", "review_initiative", approve)[0] == "InitiativePayload"
    awaits = "select u.code from initiative i join unit u on u.id = i.awaits_id"
    assert played.rows(awaits) == [("UA",)]
    move = {"unit": "GA1", "parent": "FA", "reason": "x"}
    assert played.do("admin-r", "move_unit", move) == ("UnitPayload", None)
    assert played.rows(awaits) == [("GA1",)]
    assert played.do("officer-fa", "review_initiative", approve)[0] == "ReviewRejected"
    assert played.do("officer-ga1", "review_initiative", approve)[0] == "InitiativePayload"
    assert played.rows("select state from initiative") == [("CONFIRMED",)]
    assert played.recounted() == 0
