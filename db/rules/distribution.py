"""A target distributed among units: exact to the last one, whatever the order of the units.

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
    """Return what each open child weighs, by code; `achieved` is for LAST_PHASE.

    Raises TargetRejectedError where there is no open child, or none that weighs anything.
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
    """Split `total` in proportion to whole weights by code, of which one is more than 0.

    What division leaves over goes to the largest remainders, of equal ones to the lower code;
    so a unit of no weight gets nothing.
    """
    whole = sum(weights.values())
    parts = {code: total * weight // whole for code, weight in weights.items()}
    by_remainder = sorted(weights, key=lambda code: (-(total * weights[code] % whole), code))
    for code in by_remainder[: total - sum(parts.values())]:
        parts[code] += 1
    return parts
