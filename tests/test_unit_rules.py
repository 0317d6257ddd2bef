"""Valid places of a unit, and the first day on which the root has no ADMIN."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.rules.errors import InvalidInputError
from db.rules.grant import (
    GrantRejectedError,
    Span,
    check_days,
    check_grantee,
    check_root,
    held_until,
)
from db.rules.unit import (
    LEVELS,
    Place,
    Ties,
    UnitRejectedError,
    check_close,
    check_merge,
    check_move,
)

TODAY = date(2022, 10, 21)
FAR = 60  # days beyond which no span of the test begins or ends


def day(offset: int) -> date:
    return TODAY + timedelta(days=offset)


offsets = st.integers(-FAR, FAR)
spans = st.builds(
    lambda first, length: Span(day(first), None if length is None else day(first + length)),
    offsets,
    st.none() | st.integers(0, 40),
)


@given(st.lists(spans, max_size=6))
def test_the_last_day_held_is_the_one_before_the_first_that_is_not(found):
    def held(on: date) -> bool:
        return any(s.valid_from <= on and (s.valid_to is None or on <= s.valid_to) for s in found)

    last = held_until(found, TODAY)
    days = [day(n) for n in range(3 * FAR)]
    free = next((one for one in days if not held(one)), None)
    assert last == (date.max if free is None else free - timedelta(days=1))


@given(st.lists(spans, min_size=1, max_size=6), st.data())
def test_taking_a_grant_never_shortens_the_days_with_an_admin(found, data):
    taken = data.draw(st.integers(0, len(found) - 1))
    left = [span for index, span in enumerate(found) if index != taken]
    shorter = held_until(left, TODAY) < held_until(found, TODAY)
    try:
        check_root(found, left, TODAY)
    except GrantRejectedError as refusal:
        assert shorter
        until = refusal.facts["left_until"]
        assert until is None or until >= TODAY
    else:
        assert not shorter


def test_an_admin_whose_grant_ends_does_not_stand_in_for_one_whose_does_not():
    lasting, ending = Span(day(-9), None), Span(day(-9), day(30))
    with pytest.raises(GrantRejectedError) as refusal:
        check_root([lasting, ending], [ending], TODAY)
    assert refusal.value.facts == {"left_until": day(30)}
    check_root([lasting, ending], [lasting], TODAY)


@pytest.mark.parametrize("span", [Span(day(1), day(0)), Span(day(-9), day(-1))])
def test_a_grant_does_not_end_before_it_begins_or_is_given(span):
    with pytest.raises(InvalidInputError):
        check_days(span, TODAY)
    check_days(Span(day(-9), TODAY), TODAY)


def test_who_has_tasks_elsewhere_is_not_made_an_auditor():
    check_grantee("OFFICER", disabled=False, elsewhere=True, unit_id=1)
    with pytest.raises(GrantRejectedError, match="HAS_OTHER_TASKS"):
        check_grantee("AUDITOR", disabled=False, elsewhere=True, unit_id=1)
    with pytest.raises(GrantRejectedError, match="ACCOUNT_DISABLED"):
        check_grantee("OFFICER", disabled=True, elsewhere=False, unit_id=1)


places = st.lists(
    st.integers(1, 3), min_size=0, max_size=4
).map(lambda labels: ".".join(map(str, [1, *labels])))  # fmt: skip


@given(places, st.sampled_from(LEVELS), places, st.sampled_from(LEVELS))
def test_a_move_that_is_allowed_makes_no_cycle_and_keeps_the_order(path, level, to, to_level):
    unit, parent = Place(1, "A", level, path), Place(2, "B", to_level, to)
    try:
        check_move(unit, parent, old_parent_id=None)
    except UnitRejectedError:
        return
    assert not (to + ".").startswith(path + ".")
    assert LEVELS.index(to_level) < LEVELS.index(level)


@given(places, st.sampled_from(LEVELS), places, st.sampled_from(LEVELS))
def test_a_merge_that_is_allowed_is_of_one_level_and_not_into_oneself(path, level, to, to_level):
    unit, into = Place(1, "A", level, path), Place(2, "B", to_level, to)
    try:
        check_merge([unit], into)
    except UnitRejectedError:
        assert level != to_level or (to + ".").startswith(path + ".")
    else:
        assert level == to_level
        assert not (to + ".").startswith(path + ".")


@given(st.builds(Ties, *(st.integers(0, 2) for _ in range(4))))
def test_a_unit_closes_only_when_nothing_goes_on_in_it(ties):
    unit = Place(2, "A", "GRASSROOTS", "1.2")
    if any(vars(ties).values()):
        with pytest.raises(UnitRejectedError) as refusal:
            check_close(unit, ties)
        assert refusal.value.facts["count"] in vars(ties).values()
    else:
        check_close(unit, ties)
