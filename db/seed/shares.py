"""Integers in proportion to weights, with an exact sum."""

from collections.abc import Sequence


def apportion(total: int, weights: Sequence[float]) -> list[int]:
    """Split `total` in proportion to weights by largest remainders; earlier ones win ties.

    Raises ValueError if all weights are 0.
    """
    whole = sum(weights)
    if whole <= 0:
        raise ValueError("nothing to apportion by: all weights are zero")
    exact = [total * weight / whole for weight in weights]
    parts = [int(part) for part in exact]
    by_remainder = sorted(range(len(exact)), key=lambda i: parts[i] - exact[i])
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return parts


def apportion_above(total: int, least: Sequence[int], weights: Sequence[float]) -> list[int]:
    """Split `total` so that each part has its minimum, and the rest goes in proportion."""
    rest = apportion(total - sum(least), weights)
    return [floor + part for floor, part in zip(least, rest, strict=True)]
