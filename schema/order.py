"""The direction that all orders share."""

import strawberry

from db.rules.described import DescribedEnum


@strawberry.enum
class OrderDirection(DescribedEnum):
    """The direction of an order."""

    ASC = "ASC", "Ascending: the smallest, the earliest or the first letter first."
    DESC = "DESC", "Descending: the largest, the latest or the last letter first."
