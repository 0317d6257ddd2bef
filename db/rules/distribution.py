"""Distribution of a target among units: the sum is exact, and the units' order does not matter.

Source: PROGRAMME.md, "States and rules". Largest remainders, in whole numbers throughout.
"""

from collections.abc import Mapping, Sequence

from db.rules.described import DescribedEnum
from db.rules.target import Standing, TargetRejectedError


class DistributeBy(DescribedEnum):
    """The weights by which a total is distributed among the open children of a unit."""

    EQUAL = "EQUAL", "Every child has the same weight."
    MEMBERS = "MEMBERS", "A child weighs as much as its `memberCount`."
    LAST_PHASE = "LAST_PHASE", "A child weighs as much as its subtree achieved in the phase before."


def weigh(
    children: Sequence[Standing], by: DistributeBy, achieved: Mapping[str, int]
) -> dict[str, int]:
    """Return the weight of each open child, by code; `achieved` is for LAST_PHASE.

    Raises TargetRejectedError without an open child, or if all weights are 0.
    """
    taking = [child for child in children if not child.closed]
    if not taking:
        raise TargetRejectedError("NO_CHILDREN")
    if by is DistributeBy.EQUAL:
        return {child.code: 1 for child in taking}
    if by is DistributeBy.MEMBERS:
        weights = {child.code: child.members for child in taking}
    else:
        weights = {child.code: achieved[child.code] for child in taking}
    if not any(weights.values()):
        raise TargetRejectedError("NO_WEIGHTS", by=by)
    return weights


def distribute(total: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Split `total` in proportion to integer weights by code, not all of them 0.

    The remainder of the division goes to the largest remainders, of equal ones to the lower code;
    so a unit with weight 0 gets nothing.
    """
    whole = sum(weights.values())
    parts = {code: total * weight // whole for code, weight in weights.items()}
    by_remainder = sorted(weights, key=lambda code: (-(total * weights[code] % whole), code))
    for code in by_remainder[: total - sum(parts.values())]:
        parts[code] += 1
    return parts
