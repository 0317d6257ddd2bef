"""The state machine of decisions, as properties over random approval chains and decisions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.rules.errors import InvalidInputError
from db.rules.review import (
    APPROVE,
    AWAITING,
    RECOGNISED,
    REJECT,
    RETURN,
    REVOKE,
    Place,
    ReviewRejectedError,
    Standing,
    Verdict,
    Way,
    achieved,
    awaited,
    check_verdict,
    decided,
    deciders,
)

LEVELS = ("GRASSROOTS", "UPPER", "FEDERATION", "CONFEDERATION")
DECISIONS = (APPROVE, RETURN, REJECT, REVOKE)
# The transitions that the programme allows.
ALLOWED = {
    "SUBMITTED": {"RECOGNISED", "CONFIRMED", "RETURNED", "REJECTED"},
    "RECOGNISED": {"RECOGNISED", "CONFIRMED", "RETURNED", "REJECTED", "REVOKED"},
    "CONFIRMED": {"REVOKED"},
}
STATES = (*ALLOWED, "DRAFT", "RETURNED", "REJECTED", "WITHDRAWN", "DUPLICATE", "REVOKED")


@st.composite
def ways(draw: st.DrawFn) -> Way:
    """Chains of up to four levels with gaps and closed units; the own unit is open."""
    own = draw(st.integers(0, 3))
    levels = [LEVELS[own], *(level for level in LEVELS[own + 1 : -1] if draw(st.booleans()))]
    if own < 3:
        levels.append("CONFEDERATION")
    line = [
        Place(number, level, is_open=number == 1 or draw(st.integers(0, 3)) > 0)
        for number, level in enumerate(levels, 1)
    ]
    return Way(line, draw(st.sampled_from(LEVELS)))


steps = st.lists(st.tuples(st.sampled_from(DECISIONS), st.integers(1, 4)), max_size=30)


@given(ways(), steps)
def test_no_path_to_confirmed_skips_a_level(way, taken):
    standing, approvals = Standing("SUBMITTED", 1), []
    for decision, unit in taken:
        before = standing
        try:
            standing = decided(standing, decision, unit, way)
        except ReviewRejectedError:
            assert standing is before
            continue
        assert standing.state in ALLOWED[before.state]
        assert (standing.awaits is not None) == (standing.state in AWAITING)
        if decision == APPROVE:
            approvals.append(unit)
        if standing.state == "RETURNED":
            standing, approvals = Standing("SUBMITTED", 1), []
        assert approvals == [place.unit_id for place in way.chain][: len(approvals)]
        if standing.state in RECOGNISED:
            whole = len(approvals) == len(way.chain)
            assert (standing.state == "CONFIRMED") == whole


@given(ways())
def test_approval_is_monotone_along_the_chain(way):
    standing, seen = Standing("SUBMITTED", 1), []
    while standing.state in AWAITING:
        place = awaited(standing, way)
        assert place is not None
        seen.append(place)
        standing = decided(standing, APPROVE, place.unit_id, way)
        assert standing.state in RECOGNISED
        assert standing.approved == place.unit_id
    assert seen == way.chain
    last = way.chain[-1]
    assert standing == Standing("CONFIRMED", None, last.unit_id, last.level)


@given(ways())
def test_the_chain_is_the_own_unit_and_all_open_ones_up_to_the_confirming_level(way):
    top = LEVELS.index(way.confirming_level)
    above = [p for p in way.line[1:] if p.is_open and LEVELS.index(p.level) <= top]
    assert way.chain == [way.line[0], *above]


@given(ways(), st.sampled_from(STATES), st.sampled_from(DECISIONS), st.integers(1, 4))
def test_only_the_programmes_steps_start_in_a_state(way, state, decision, unit):
    standing = Standing(state, 1 if state in AWAITING else None, 1 if state in RECOGNISED else None)
    starts = RECOGNISED if decision == REVOKE else AWAITING
    if state not in starts:
        assert deciders(standing, decision, way) == []
        with pytest.raises(ReviewRejectedError) as refused:
            decided(standing, decision, unit, way)
        assert refused.value.facts["state"] == state


@given(ways(), st.integers(1, 4), st.integers(0, 3))
def test_a_revocation_comes_from_who_approved_last_or_from_above(way, unit, approved):
    approver = way.line[min(approved, len(way.line) - 1)]
    standing = Standing("CONFIRMED", None, approver.unit_id)
    place = next((one for one in way.line if one.unit_id == unit), None)
    if place is not None and place.is_open and place.unit_id >= approver.unit_id:
        assert decided(standing, REVOKE, unit, way).state == "REVOKED"
    else:
        with pytest.raises(ReviewRejectedError):
            decided(standing, REVOKE, unit, way)


@given(ways(), st.integers(1, 4), st.sampled_from(LEVELS))
def test_who_has_left_the_line_leaves_revocation_to_its_level_and_those_above(way, unit, level):
    standing = Standing("CONFIRMED", None, 9, level)
    place = next((one for one in way.line if one.unit_id == unit), None)
    if place and place.is_open and LEVELS.index(place.level) >= LEVELS.index(level):
        assert decided(standing, REVOKE, unit, way).state == "REVOKED"
    else:
        with pytest.raises(ReviewRejectedError):
            decided(standing, REVOKE, unit, way)


@given(ways(), st.integers(1, 4))
def test_whoever_is_awaited_no_longer_decides_gives_way_to_one_who_does(way, unit):
    place = awaited(Standing("RECOGNISED", unit), way)
    assert place in way.chain
    higher = [one for one in way.chain if one.unit_id >= unit]
    assert place == (higher[0] if higher and unit <= len(way.line) else place)


def test_where_no_unit_is_open_nobody_decides():
    way = Way([Place(1, "GRASSROOTS", is_open=False)], "GRASSROOTS")
    assert awaited(Standing("SUBMITTED", 1), way) is None


@pytest.mark.parametrize("state", STATES)
def test_what_counts_as_achieved(state):
    assert achieved(state, "RECOGNISED") == (state in RECOGNISED)
    assert achieved(state, "CONFIRMED") == (state == "CONFIRMED")


@given(st.sampled_from(DECISIONS), st.none() | st.text(max_size=3), st.booleans())
def test_every_decision_other_than_approval_has_a_reason_and_verifies_nothing(
    decision, reason, verifies
):
    verdict = Verdict("X", decision, reason=reason, verified=[1] if verifies else None)
    expected = set()
    if decision != APPROVE:
        expected = ({"REASON_NEEDED"} if not reason else set()) | (
            {"ONLY_WITH_APPROVAL"} if verifies else set()
        )
    found: set[str] = set()
    try:
        check_verdict(verdict, {})
    except InvalidInputError as error:
        found = {problem.code for problem in error.facts["problems"]}
    assert found == expected
