"""Units: created, changed, moved, merged, closed."""

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
from schema.inputs import clearable, code, key, line, prose, several, text_of, whole
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


@strawberry.input(description="A new unit.")
class CreateUnitInput:
    """A new unit."""

    code: str = code()
    name: str = line(300)
    level: UnitLevel
    parent: str = line(40, description="The code of the unit above.")
    member_count: int = whole(0, _MOST_MEMBERS)
    bloc: str | None = line(40, default=None, description="The emulation bloc's code.")
    valid_from: date | None = strawberry.field(
        default=UNSET, description="Today where unsaid; not a day ahead."
    )
    reason: str | None = prose(2_000, default=None)
    idempotency_key: str | None = key()


@strawberry.input(description="What is left out stays; null clears `bloc`.")
class UpdateUnitInput:
    """Changes of a unit."""

    unit: str = line(40, description="The unit's code.")
    version: int | None = strawberry.field(default=UNSET, description="As it was last seen.")
    name: str | None = line(300, default=None)
    member_count: int | None = whole(0, _MOST_MEMBERS, default=None)
    bloc: str | None = clearable(line(40, default=None, description="The emulation bloc's code."))
    reason: str | None = prose(2_000, default=None)
    idempotency_key: str | None = key()


@strawberry.input(description="A unit that goes elsewhere, with everything below it.")
class MoveUnitInput:
    """A unit that goes elsewhere, with everything below it."""

    unit: str = line(40, description="The unit's code.")
    parent: str = line(40, description="The code of the unit to be above it.")
    reason: str = prose(2_000)
    version: int | None = strawberry.field(default=UNSET, description="As it was last seen.")
    idempotency_key: str | None = key()


@strawberry.input(description="Units that close and go on in another.")
class MergeUnitsInput:
    """Units that close and go on in another."""

    units: list[str] = several(
        text_of(40), least=1, most=20, once=lambda unit: unit, description="The units' codes."
    )
    into: str = line(40, description="The code of the unit that goes on, of the same level.")
    reason: str = prose(2_000)
    idempotency_key: str | None = key()


@strawberry.input(description="A unit that ends.")
class CloseUnitInput:
    """A unit that ends."""

    unit: str = line(40, description="The unit's code.")
    reason: str = prose(2_000)
    on: date | None = strawberry.field(
        default=UNSET, description="Its last day; today where unsaid, not a day ahead."
    )
    version: int | None = strawberry.field(default=UNSET, description="As it was last seen.")
    idempotency_key: str | None = key()


@strawberry.type(description="The unit as it is now.")
class UnitPayload:
    """The unit as it is now."""

    @sql(queries.units.of_row)
    def unit(self) -> Unit | None:
        """The unit."""


@strawberry.type(description="The units of a merge as they are now.")
class MergeUnitsPayload:
    """The units of a merge as they are now."""

    @sql(queries.units.of_row)
    def unit(self) -> Unit | None:
        """The unit that goes on."""

    @sql(queries.units.merged)
    def merged(self) -> list[Unit]:
        """The units that have closed."""


@shows(UnitRejectedError)
@strawberry.type(description="What the tree does not allow.")
class UnitRejected(Failure):
    """What the tree does not allow, with what stands in the way."""

    unit_code: str | None = strawberry.field(description="The code of the unit that it is about.")
    level: UnitLevel | None = strawberry.field(description="Of the unit that was to go there.")
    other_level: UnitLevel | None = strawberry.field(description="Of the unit there.")
    closed_on: date | None
    count: int | None = strawberry.field(description="How many stand in the way.")


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
    """What admins do with the tree."""

    @mutation(units.create, Permission.UNIT_MANAGE)
    def create_unit(self, input: CreateUnitInput) -> CreateUnitResult:
        """Plant a unit below another."""

    @mutation(units.update, Permission.UNIT_MANAGE)
    def update_unit(self, input: UpdateUnitInput) -> UpdateUnitResult:
        """Change a unit's name, members or bloc."""

    @mutation(units.move, Permission.UNIT_MANAGE, seconds=UNHURRIED)
    def move_unit(self, input: MoveUnitInput) -> MoveUnitResult:
        """Put a unit, with everything below it, below another; totals go along, history stays.

        Initiatives that await a unit no longer above them await the one of its level there. It is
        refused where phases would then meet at a unit, or a drive be left outside its phase.
        """

    @mutation(unit_merge.merge, Permission.UNIT_MANAGE, seconds=UNHURRIED)
    def merge_units(self, input: MergeUnitsInput) -> MergeUnitsResult:
        """Close units and have another of their level go on for them.

        Units below them, people, initiatives (with their numbers), grants and campaigns go there.
        Targets, awards and decisions stay with the units that they were about, and the sums of
        the unit above go on counting those targets. It is refused where phases would then meet at
        a unit, or a drive be left outside its phase.
        """

    @mutation(units.close, Permission.UNIT_MANAGE)
    def close_unit(self, input: CloseUnitInput) -> CloseUnitResult:
        """Close a unit without open units below, members, or initiatives that await it.

        Nor may it have any that were returned, which could then not be handed in again.
        """
