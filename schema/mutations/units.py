"""Mutations of units."""

from datetime import date
from typing import Annotated

import strawberry
from strawberry import UNSET

from db import queries
from db.commands import unit_merge, units
from db.rules.unit import UnitRejectedError
from db.transactions import UNHURRIED
from schema.compiler.commands import mutation
from schema.compiler.fields import sql
from schema.errors import Failure, Refusal, shows
from schema.inputs import clearable, code, key, line, prose, read_version, several, text_of, whole
from schema.messages import says
from schema.mutations.phases import PhaseRejected
from schema.scalars import Permission, UnitLevel
from schema.units import Unit

_MOST_MEMBERS = 2**31 - 1

says(
    {
        "CYCLE": (
            "Đơn vị không thể trực thuộc hoặc nhập vào chính nó hay đơn vị cấp dưới của nó.",
            "A unit cannot go below or into itself, or a unit below it.",
        ),
        "LEVEL_ORDER": (
            "Đơn vị phải ở cấp thấp hơn đơn vị cấp trên trực tiếp.",
            "A unit must be of a lower level than the unit above it.",
        ),
        "LEVELS_DIFFER": (
            "Chỉ sáp nhập được các đơn vị cùng cấp.",
            "Only units of one level can be merged.",
        ),
        "THERE_ALREADY": (
            "Đơn vị đã trực thuộc đơn vị này.",
            "The unit stands below that one already.",
        ),
        "CLOSED": ("Đơn vị đã giải thể.", "The unit is closed."),
        "ROOT": ("Không thể giải thể đơn vị gốc.", "The root cannot be closed."),
        "HAS_CHILDREN": (
            "Còn {count} đơn vị trực thuộc đang hoạt động.",
            "There are still {count} open units below it.",
        ),
        "AWAITED": (
            "Còn {count} sáng kiến chờ đơn vị này xét.",
            "There are still {count} initiatives that await it.",
        ),
        "HAS_MEMBERS": (
            "Còn {count} đoàn viên; hãy sáp nhập vào đơn vị mà họ chuyển đến.",
            "It still has {count} members; merge it into the unit that they go to.",
        ),
        "HAS_RETURNED": (
            "Còn {count} sáng kiến bị trả lại chưa nộp lại; hãy sáp nhập vào đơn vị nhận chúng.",
            "It still has {count} returned initiatives; merge it into the unit that they go to.",
        ),
        "OWNS_CAMPAIGN": (
            "Đơn vị còn chủ trì {count} cuộc vận động chưa kết thúc.",
            "It still owns {count} campaigns that are not over.",
        ),
    }
)


@strawberry.input
class CreateUnitInput:
    """The values of a new unit."""

    code: str = code(description="The unit's code, which no other unit has.")
    name: str = line(300, description="The unit's name.")
    level: UnitLevel = strawberry.field(
        description="The unit's level, lower than that of its parent."
    )
    parent: str = line(40, description="The code of the unit directly above.")
    member_count: int = whole(0, _MOST_MEMBERS, description="The number of members.")
    bloc: str | None = line(
        40, default=None, description="The code of the emulation bloc. Omitted: none."
    )
    valid_from: date | None = strawberry.field(
        default=UNSET, description="The first day, not in the future. Omitted: today."
    )
    reason: str | None = prose(
        2_000, default=None, description="The reason, for the unit's history."
    )
    idempotency_key: str | None = key()


@strawberry.input
class UpdateUnitInput:
    """The changes of a unit. Omitted fields stay; null clears `bloc`."""

    unit: str = line(40, description="The unit's code.")
    version: int | None = read_version("unit")
    name: str | None = line(300, default=None, description="The unit's name.")
    member_count: int | None = whole(
        0, _MOST_MEMBERS, default=None, description="The number of members."
    )
    bloc: str | None = clearable(
        line(40, default=None, description="The code of the emulation bloc. Null clears it.")
    )
    reason: str | None = prose(
        2_000, default=None, description="The reason, for the unit's history."
    )
    idempotency_key: str | None = key()


@strawberry.input
class MoveUnitInput:
    """The move of a unit, with its subtree, below another unit."""

    unit: str = line(40, description="The unit's code.")
    parent: str = line(40, description="The code of the new unit directly above.")
    reason: str = prose(2_000, description="The reason, for the unit's history.")
    version: int | None = read_version("unit")
    idempotency_key: str | None = key()


@strawberry.input
class MergeUnitsInput:
    """Units to close and merge into another unit."""

    units: list[str] = several(
        text_of(40),
        least=1,
        most=20,
        once=lambda unit: unit,
        description="The codes of the units to close, each once.",
    )
    into: str = line(40, description="The code of the surviving unit, of the same level.")
    reason: str = prose(2_000, description="The reason, for the history of the units.")
    idempotency_key: str | None = key()


@strawberry.input
class CloseUnitInput:
    """The unit to close."""

    unit: str = line(40, description="The unit's code.")
    reason: str = prose(2_000, description="The reason, for the unit's history.")
    on: date | None = strawberry.field(
        default=UNSET, description="The last day, not in the future. Omitted: today."
    )
    version: int | None = read_version("unit")
    idempotency_key: str | None = key()


@strawberry.type
class UnitPayload:
    """The unit after the mutation."""

    @sql(queries.units.of_row)
    def unit(self) -> Unit | None:
        """The unit. Null where the caller no longer sees it."""


@strawberry.type
class MergeUnitsPayload:
    """The units of a merge after the mutation."""

    @sql(queries.units.of_row)
    def unit(self) -> Unit | None:
        """The surviving unit. Null where the caller may not see it."""

    @sql(queries.units.merged)
    def merged(self) -> list[Unit]:
        """The units that were closed."""


@shows(UnitRejectedError)
@strawberry.type
class UnitRejected(Failure):
    """A rule for the union tree does not allow the mutation; `code` and `message` name it."""

    unit_code: str | None = strawberry.field(
        description="The code of the unit that the rule is about."
    )
    level: UnitLevel | None = strawberry.field(
        description="The level of the unit that was to be placed. Null where levels are not the"
        " reason."
    )
    other_level: UnitLevel | None = strawberry.field(
        description="The level of the unit at its destination. Null where levels are not the"
        " reason."
    )
    closed_on: date | None = strawberry.field(
        description="The day on which the unit was closed. Null where that is not the reason."
    )
    count: int | None = strawberry.field(
        description="How many units, members, initiatives or campaigns prevent the mutation."
        " Null where no number is the reason."
    )


CreateUnitResult = Annotated[
    UnitPayload | UnitRejected | Refusal, strawberry.union("CreateUnitResult")
]
UpdateUnitResult = Annotated[
    UnitPayload | UnitRejected | Refusal, strawberry.union("UpdateUnitResult")
]
MoveUnitResult = Annotated[
    UnitPayload | UnitRejected | PhaseRejected | Refusal, strawberry.union("MoveUnitResult")
]
MergeUnitsResult = Annotated[
    MergeUnitsPayload | UnitRejected | PhaseRejected | Refusal,
    strawberry.union("MergeUnitsResult"),
]
CloseUnitResult = Annotated[
    UnitPayload | UnitRejected | Refusal, strawberry.union("CloseUnitResult")
]


@strawberry.type
class UnitMutations:
    """Mutations of units."""

    @mutation(units.create, Permission.UNIT_MANAGE)
    def create_unit(self, input: CreateUnitInput) -> CreateUnitResult:
        """Create a unit below another one. The permission is needed at the parent."""

    @mutation(units.update, Permission.UNIT_MANAGE)
    def update_unit(self, input: UpdateUnitInput) -> UpdateUnitResult:
        """Change a unit's name, number of members or emulation bloc."""

    @mutation(units.move, Permission.UNIT_MANAGE, seconds=UNHURRIED)
    def move_unit(self, input: MoveUnitInput) -> MoveUnitResult:
        """Move a unit with its subtree below another unit.

        The permission is needed at the unit, its parent and the new parent. Totals move along, the
        history stays. Initiatives that await a unit no longer above them then await the unit of its
        level there. PhaseRejected is the result where phases would overlap at a unit, or a drive
        would lie outside its phase.
        """

    @mutation(unit_merge.merge, Permission.UNIT_MANAGE, seconds=UNHURRIED)
    def merge_units(self, input: MergeUnitsInput) -> MergeUnitsResult:
        """Close units and merge them into another unit of their level.

        Units below them, people, initiatives with their numbers, role grants and campaigns move to
        the surviving unit. Targets, awards and decisions stay with the closed units, and the sums
        of the unit above still count these targets. PhaseRejected is the result where phases would
        overlap at a unit, or a drive would lie outside its phase.
        """

    @mutation(units.close, Permission.UNIT_MANAGE)
    def close_unit(self, input: CloseUnitInput) -> CloseUnitResult:
        """Close a unit.

        The unit must have no open units below, no members, no unfinished campaigns, and no
        initiatives that await it or are returned.
        """
