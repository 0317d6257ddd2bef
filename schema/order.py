"""What orders have in common."""

from enum import StrEnum

import strawberry


@strawberry.enum
class OrderDirection(StrEnum):
    """From the smallest, or from the largest."""

    ASC = "ASC"
    DESC = "DESC"
