"""The figures of rate and concurrency limits, without HTTP."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Address

from api.limits import Crowd, LimitedError, Rate, stranger
from db.cache import Cache


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@given(
    rate=st.integers(1, 50),
    burst=st.integers(1, 100),
    pauses=st.lists(st.floats(0, 5), min_size=1, max_size=200),
)
def test_nobody_gets_more_than_the_burst_and_what_the_time_gives(rate, burst, pauses):
    clock = Clock()
    limit = Rate(rate, burst, clock)
    taken = 0
    for pause in pauses:
        clock.now += pause
        with suppress(LimitedError):
            limit.take("caller")
            taken += 1
    assert taken <= burst + rate * clock.now + 1e-6
    assert taken >= min(len(pauses), burst)


def test_who_waits_as_long_as_told_gets_through():
    clock = Clock()
    limit = Rate(0.5, 1, clock)
    limit.take("caller")
    with pytest.raises(LimitedError) as refused:
        limit.take("caller")
    clock.now += refused.value.retry_after
    limit.take("caller")


def test_a_rate_of_nothing_is_no_limit():
    limit = Rate(0, 1)
    for _ in range(100):
        limit.take("caller")


def test_a_place_that_was_left_is_for_the_next():
    crowd = Crowd(total=2, each=1)
    crowd.enter("a")
    with pytest.raises(LimitedError, match="your operations"):
        crowd.enter("a")
    crowd.enter("b")
    with pytest.raises(LimitedError, match="try again"):
        crowd.enter("c")
    crowd.leave("a")
    crowd.enter("c")
    crowd.leave("b")
    crowd.leave("c")
    assert (crowd._running, crowd._of) == (0, {})


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::9", "2001:db8:1:2::"),
        ("2001:db8::1:2:3:4:5", "2001:db8:0:1::"),
        ("2001:db8::", "2001:db8::"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("no address", "no address"),
        ("::1", "::"),
    ],
)
def test_a_stranger_counts_as_the_network_it_comes_from(address, counted):
    assert stranger(Address(address, 1)) == f"stranger at {counted}"


def test_a_stranger_without_an_address_is_one_all_the_same():
    assert stranger(None) == "stranger at nowhere"


@given(st.lists(st.text(max_size=20), max_size=60))
def test_a_cache_stays_within_its_number_and_weight_and_keeps_the_newest(keys):
    cache: Cache[str] = Cache(8, weigh=lambda key, _: len(key), most=40)
    for key in keys:
        assert cache.remember(key, lambda key=key: key) == key
        assert cache.get(key) == key
        assert len(cache) <= 8
        assert cache._weight == sum(map(len, cache._entries))
        assert cache._weight <= 40
