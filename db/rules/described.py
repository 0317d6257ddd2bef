"""The base class of enums whose values are part of the GraphQL schema.

It is among the rules because both the rules and the models above them define such enums.
"""

from enum import StrEnum
from typing import Self


class DescribedEnum(StrEnum):
    """An enum whose members are written `NAME = "NAME", "What the value means."`.

    `description` becomes the value's description in the GraphQL schema. A member without one
    raises TypeError when its module is imported.
    """

    description: str

    # Optional only for type checkers, which mistake a look-up, `Role("ADMIN")`, for a call of this.
    def __new__(cls, value: str, description: str | None = None) -> Self:
        """Create the member of a stored value. Raises TypeError without a description."""
        if not description:
            raise TypeError(f"{cls.__name__} {value} needs a description")
        member = str.__new__(cls, value)
        member._value_ = value
        member.description = description
        return member
