"""The benefits of the demo's initiatives, in VND for each of up to three years."""

from enum import Enum
from random import Random

MILLION = 1_000_000
BILLION = 1000 * MILLION


class Band(Enum):
    """The lowest and highest total benefit of an initiative, in millions of VND."""

    ORDINARY = (5, 3000)
    ABOVE_5_BILLION = (5001, 19_900)
    FROM_20_TO_100_BILLION = (20_000, 100_000)


def claim(chance: Random, band: Band) -> list[int]:
    """Return yearly amounts whose sum lies in the band; most ordinary ones are small, some none."""
    low, high = band.value
    if band is Band.ORDINARY and chance.random() < 0.4:  # noqa: PLR2004 - four in ten
        return []
    skew = 4 if band is Band.ORDINARY else 1
    total = low + int((high - low) * chance.random() ** skew)
    years = chance.randint(1, 3)
    first = total - (years - 1) * (total // 4)
    return [amount * MILLION for amount in (first, *(total // 4,) * (years - 1))]


def verify(chance: Random, band: Band, claimed: list[int]) -> list[int]:
    """Return the verified amounts: the claimed ones, or less in the first year."""
    if band is not Band.ORDINARY or not claimed or chance.random() < 0.6:  # noqa: PLR2004 - most
        return list(claimed)
    return [claimed[0] * chance.randint(60, 95) // 100, *claimed[1:]]
