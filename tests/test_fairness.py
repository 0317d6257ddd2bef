"""Shares of a pool of connections: which caller gets one, which waits, and which is next."""

import asyncio
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db import fairness
from db.fairness import Claim, FairQueue
from db.unavailable import BusyError, LeftError


def claim(caller, address="here", gone=None):
    return Claim(caller, address, gone)


async def full(size=8, caller="heavy", address="a"):
    """A queue in which one caller has its whole share, and the size of that share."""
    queue = FairQueue(size)
    held = 0
    while True:
        try:
            await queue.enter(claim(caller, address), 0)
        except BusyError:
            return queue, held
        held += 1


async def waiting(queue, *claims):
    tasks = [asyncio.create_task(queue.enter(one, 5)) for one in claims]
    await asyncio.sleep(0)
    return tasks


async def test_one_caller_gets_half_of_the_places_and_others_theirs_at_once():
    queue, held = await full(8)
    assert held == 4
    for other in ("b", "c", "d"):
        await queue.enter(claim(other, other), 0)


async def test_all_callers_of_one_address_leave_places_to_other_addresses():
    queue = FairQueue(8)
    for number in range(6):
        await queue.enter(claim(f"account {number}", "an office"), 0)
    with pytest.raises(BusyError):
        await queue.enter(claim("account 6", "an office"), 0)
    await queue.enter(claim("somebody", "elsewhere"), 0)


@pytest.mark.parametrize("size", [1, 2, 3])
async def test_a_small_pool_serves_everybody_too(size):
    queue, held = await full(size)
    assert 1 <= held <= size
    tasks = await waiting(queue, claim("b", "b"))
    if size == 1:
        queue.leave(claim("heavy", "a"))
    await asyncio.wait_for(tasks[0], 1)


async def test_a_caller_without_a_place_is_before_one_with_many():
    queue, _ = await full(4, "heavy")
    for other in ("b", "d"):
        await queue.enter(claim(other, other), 0)
    heavy, light = await waiting(queue, claim("heavy", "a"), claim("c", "c"))
    queue.leave(claim("heavy", "a"))
    await asyncio.wait_for(light, 1)
    assert not heavy.done()
    for other in ("b", "c", "d"):
        queue.leave(claim(other, other))
    await asyncio.wait_for(heavy, 1)


async def test_callers_that_wait_take_turns():
    queue, _ = await full(1, "x")
    order = []

    async def turn(caller):
        await queue.enter(claim(caller, caller), 5)
        order.append(caller)
        queue.leave(claim(caller, caller))

    tasks = [asyncio.create_task(turn(caller)) for caller in ("a", "a", "a", "b", "c")]
    await asyncio.sleep(0)
    queue.leave(claim("x", "a"))
    await asyncio.gather(*tasks)
    assert order == ["a", "b", "c", "a", "a"]


async def test_who_waits_too_long_or_as_one_too_many_hears_that_it_is_busy(monkeypatch):
    monkeypatch.setattr(fairness, "MOST_WAITING", 1)
    queue, _ = await full(1, "x")
    with pytest.raises(BusyError, match="in time"):
        await queue.enter(claim("a"), 0.01)
    (first,) = await waiting(queue, claim("a"))
    with pytest.raises(BusyError, match="too many"):
        await queue.enter(claim("a"), 5)
    first.cancel()


async def test_a_client_that_goes_never_takes_a_place():
    queue, _ = await full(1, "x")
    left = asyncio.Event()
    (gone,) = await waiting(queue, claim("a", "a", left.wait))
    left.set()
    with pytest.raises(LeftError):
        await gone
    queue.leave(claim("x", "a"))
    await queue.enter(claim("b"), 0)


async def test_a_client_that_goes_as_its_turn_comes_leaves_the_place_to_the_next():
    queue, _ = await full(1, "x")
    left = asyncio.Event()
    gone, following = await waiting(queue, claim("a", "a", left.wait), claim("b", "b"))
    left.set()
    queue.leave(claim("x", "a"))
    with pytest.raises(LeftError):
        await gone
    await asyncio.wait_for(following, 1)


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from("xy"), st.floats(0, 0.002)), max_size=40
    ),
    st.integers(1, 6),
)
def test_places_are_never_more_than_there_are_and_none_is_lost(steps, size):
    async def run():
        queue = FairQueue(size)
        held = Counter()

        async def use(caller, address, seconds):
            await queue.enter(claim(caller, address), 5)
            held["now"] += 1
            held["most"] = max(held["most"], held["now"])
            await asyncio.sleep(seconds)
            held["now"] -= 1
            queue.leave(claim(caller, address))

        tasks = [asyncio.create_task(use(*step)) for step in steps]
        for task in tasks[::5]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert held["most"] <= size
        assert (queue._free + held["now"], len(queue._waiting)) == (size, 0)

    asyncio.run(run())
