"""Distributing a total among units is exact, fair and independent of their order."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.rules.distribution import DistributeBy, distribute, weigh
from db.rules.target import Standing, TargetRejectedError

codes = st.text("ABCDEF123", min_size=1, max_size=4)
weighed = st.dictionaries(codes, st.integers(0, 10**7), min_size=1, max_size=30).filter(
    lambda weights: any(weights.values())
)
totals = st.integers(0, 10**7)


@given(totals, weighed)
def test_the_sum_is_exact_and_no_part_is_negative(total, weights):
    parts = distribute(total, weights)
    assert sum(parts.values()) == total
    assert parts.keys() == weights.keys()
    assert min(parts.values()) >= 0


@given(totals, weighed)
def test_a_part_is_within_one_of_its_exact_share(total, weights):
    whole = sum(weights.values())
    for code, part in distribute(total, weights).items():
        assert (part - 1) * whole < total * weights[code] < (part + 1) * whole


@given(totals, weighed, st.randoms(use_true_random=False))
def test_the_order_of_units_does_not_matter(total, weights, rng):
    items = list(weights.items())
    rng.shuffle(items)
    assert distribute(total, dict(items)) == distribute(total, weights)


@given(totals, weighed)
def test_whoever_weighs_more_gets_no_less(total, weights):
    parts = distribute(total, weights)
    by_weight = sorted(weights, key=lambda code: (weights[code], parts[code]))
    for lighter, heavier in pairwise(by_weight):
        if weights[lighter] < weights[heavier]:
            assert parts[lighter] <= parts[heavier]


@given(totals, weighed, st.data(), st.integers(1, 10**6))
def test_who_comes_to_weigh_more_does_not_get_less(total, weights, data, more):
    code = data.draw(st.sampled_from(sorted(weights)))
    heavier = {**weights, code: weights[code] + more}
    assert distribute(total, heavier)[code] >= distribute(total, weights)[code]


@given(totals, weighed)
def test_equal_weights_differ_by_at_most_one_and_none_gets_nothing(total, weights):
    parts = distribute(total, weights)
    for weight in set(weights.values()):
        same = [parts[code] for code in weights if weights[code] == weight]
        assert max(same) - min(same) <= 1
        assert weight or set(same) == {0}


def test_of_equal_remainders_the_lower_code_gets_the_one_left_over():
    assert distribute(10, {"C": 1, "B": 1, "A": 1}) == {"A": 4, "B": 3, "C": 3}


def standing(code, members=0, *, closed=False):
    return Standing(
        unit_id=1,
        code=code,
        members=members,
        closed=closed,
        over=False,
        assigned=None,
        registered=None,
        version=0,
    )


def test_a_closed_unit_weighs_nothing_however_it_is_distributed():
    children = [standing("A", 3), standing("B", 5), standing("C", 7, closed=True)]
    achieved = {"A": 0, "B": 9, "C": 9}
    assert weigh(children, DistributeBy.EQUAL, {}) == {"A": 1, "B": 1}
    assert weigh(children, DistributeBy.MEMBERS, {}) == {"A": 3, "B": 5}
    assert weigh(children, DistributeBy.LAST_PHASE, achieved) == {"A": 0, "B": 9}


@pytest.mark.parametrize(
    ("children", "by", "code"),
    [
        ([], DistributeBy.EQUAL, "NO_CHILDREN"),
        ([standing("A", 3, closed=True)], DistributeBy.MEMBERS, "NO_CHILDREN"),
        ([standing("A")], DistributeBy.MEMBERS, "NO_WEIGHTS"),
        ([standing("A", 3)], DistributeBy.LAST_PHASE, "NO_WEIGHTS"),
    ],
)
def test_without_anything_to_go_by_nothing_is_distributed(children, by, code):
    with pytest.raises(TargetRejectedError) as refusal:
        weigh(children, by, {"A": 0})
    assert refusal.value.code == code
