"""The pure rules of phases."""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.rules.campaign import check_bands, check_order
from db.rules.errors import InvalidInputError
from db.rules.phase import (
    CalledDrive,
    PhaseRejectedError,
    Span,
    check_apart,
    check_freezable,
    check_inside,
    check_left_out,
    is_settled,
)

days = st.integers(0, 40).map(lambda number: date(2022, 1, 1) + timedelta(number))
stretches = st.tuples(days, days).map(sorted)
spans = st.builds(lambda ordinal, stretch: Span(ordinal, *stretch), st.integers(1, 4), stretches)


def all_days(span):
    return {
        span.opens_on + timedelta(number)
        for number in range((span.closes_on - span.opens_on).days + 1)
    }


@given(spans, st.lists(spans, max_size=5))
def test_a_phase_is_refused_where_another_has_one_of_its_days_and_only_there(changed, others):
    shared = [
        other
        for other in others
        if other.ordinal != changed.ordinal and all_days(other) & all_days(changed)
    ]
    if not shared:
        check_apart(changed, others)
        return
    with pytest.raises(PhaseRejectedError) as refused:
        check_apart(changed, others)
    assert refused.value.code == "OVERLAP"
    assert refused.value.facts["ordinal"] == shared[0].ordinal
    assert refused.value.facts["opens_on"] == shared[0].opens_on


@given(spans, stretches)
def test_a_drive_is_allowed_where_all_its_days_are_the_phases_and_only_there(span, stretch):
    drive = Span(0, *stretch)
    if all_days(drive) <= all_days(span):
        check_inside(span, *stretch)
        return
    with pytest.raises(PhaseRejectedError) as refused:
        check_inside(span, *stretch)
    assert refused.value.facts["closes_on"] == span.closes_on


@given(days, days, st.booleans())
def test_a_phase_is_settled_from_the_day_after_its_last_or_once_frozen(closes, today, frozen):
    assert is_settled(closes, today, frozen=frozen) == (frozen or closes < today)


@given(st.lists(st.builds(CalledDrive, st.just(1), st.text(), days, days, st.just("A"))), days)
def test_only_drives_that_are_over_may_be_left_outside(drives, today):
    if any(drive.closes_on >= today for drive in drives):
        with pytest.raises(PhaseRejectedError):
            check_left_out(drives, today)
    else:
        check_left_out(drives, today)


@given(spans, days)
def test_a_phase_is_frozen_once_and_after_its_last_day(span, today):
    with pytest.raises(PhaseRejectedError) as twice:
        check_freezable(span, today, frozen_on=today)
    assert twice.value.code == "FROZEN"
    if today > span.closes_on:
        check_freezable(span, today, frozen_on=None)
        return
    with pytest.raises(PhaseRejectedError) as early:
        check_freezable(span, today, frozen_on=None)
    assert early.value.code == "NOT_CLOSED"


@dataclass
class Tier:
    label: str
    from_: int
    to: int | None


def test_a_tier_does_not_end_below_where_it_begins():
    check_bands([Tier("a", 5, None), Tier("b", 5, 5), Tier("c", 0, 10)])
    with pytest.raises(InvalidInputError) as refused:
        check_bands([Tier("a", 5, None), Tier("b", 5, 4)])
    (problem,) = refused.value.facts["problems"]
    assert (problem.path, problem.code, problem.limit) == (("tiers", "1", "to"), "TOO_SMALL", "5")


@given(days, days)
def test_the_last_day_is_not_before_the_first(first, last):
    if first <= last:
        check_order(first, last, "closesOn")
        return
    with pytest.raises(InvalidInputError):
        check_order(first, last, "closesOn")
