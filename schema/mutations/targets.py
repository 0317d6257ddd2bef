"""Targets: assigned to children, registered by units, distributed among children."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from db import queries
from db.commands import targets
from db.rules.target import MOST, TargetRejectedError
from schema.compiler.commands import mutation
from schema.compiler.fields import sql
from schema.errors import Failure, Refusal, shows
from schema.inputs import key, line, nullable, prose, several, whole
from schema.messages import says
from schema.scalars import DistributeBy, Permission
from schema.units import Unit

_CHILDREN = 1_000  # more than any unit has

says(
    {
        "NOT_A_CHILD": (
            "Đơn vị không trực thuộc trực tiếp {limit}.",
            "The unit does not stand directly below {limit}.",
        ),
        "NO_TARGET": (
            "Đơn vị {unit} chưa có chỉ tiêu để phân bổ; hãy nêu tổng số.",
            "The unit {unit} has no target to distribute; say the total.",
        ),
        "NO_CHILDREN": (
            "Đơn vị không có đơn vị trực thuộc nào đang hoạt động.",
            "The unit has no open unit directly below it.",
        ),
        "NO_LAST_PHASE": (
            "Cuộc vận động không có đợt {phase} để lấy kết quả làm căn cứ.",
            "The campaign has no phase {phase} by whose results to distribute.",
        ),
        "NO_WEIGHTS": (
            "Không phân bổ được theo {by}: mọi đơn vị đều bằng 0.",
            "It cannot be distributed by {by}: every unit has 0.",
        ),
    }
)


def _reason() -> str | None:
    reason: str | None = prose(
        2_000, default=None, description="Needed where the phase is closed or frozen."
    )
    return reason


@strawberry.input(description="A child's target; null takes it away.")
class ChildTargetInput:
    """A child's target."""

    unit: str = line(40, description="The child's code.")
    assigned: int | None = nullable(whole(0, MOST, default=None, description="Null for none."))
    version: int | None = strawberry.field(
        default=None, description="As it was last seen; 0 where nothing was ever set."
    )


@strawberry.input(description="All of it is done, or nothing.")
class AssignTargetsInput:
    """Targets of direct children."""

    campaign: str = line(40, description="The campaign's code.")
    phase: int = strawberry.field(description="The phase's ordinal.")
    parent: str = line(40, description="The code of the unit that assigns.")
    targets: list[ChildTargetInput] = several(
        least=1, most=_CHILDREN, once=lambda target: target.unit
    )
    reason: str | None = _reason()
    idempotency_key: str | None = key()


@strawberry.input(description="A unit's own pledge; null takes it back.")
class RegisterTargetInput:
    """A unit's own pledge."""

    campaign: str = line(40, description="The campaign's code.")
    phase: int = strawberry.field(description="The phase's ordinal.")
    unit: str = line(40, description="The unit's code.")
    registered: int | None = nullable(whole(0, MOST, default=None, description="Null for none."))
    version: int | None = strawberry.field(
        default=UNSET, description="As it was last seen; 0 where nothing was ever set."
    )
    reason: str | None = _reason()
    idempotency_key: str | None = key()


@strawberry.input(description="A total to be distributed among a unit's direct children.")
class DistributeTargetInput:
    """A total to be distributed among a unit's direct children."""

    campaign: str = line(40, description="The campaign's code.")
    phase: int = strawberry.field(description="The phase's ordinal.")
    parent: str = line(40, description="The code of the unit that distributes.")
    by: DistributeBy
    total: int | None = whole(
        0, MOST, default=None, description="The unit's effective target where unsaid."
    )
    preview: bool | None = strawberry.field(
        default=UNSET, description="Show what would be assigned, and assign nothing."
    )
    reason: str | None = _reason()
    idempotency_key: str | None = key()


@strawberry.type(description="The unit that assigned, as it is now.")
class AssignTargetsPayload:
    """The unit that assigned."""

    @sql(queries.units.parent)
    def parent(self) -> Unit | None:
        """The unit; where its `target` has less than 0 unallocated, it has assigned too much."""


@strawberry.type(description="The unit that registered, as it is now.")
class RegisterTargetPayload:
    """The unit that registered."""

    @sql(queries.units.of_row)
    def unit(self) -> Unit | None:
        """The unit."""


@strawberry.type(description="What a child is assigned by a distribution.")
class Allocation:
    """What a child is assigned by a distribution."""

    value: int | None = strawberry.field(
        description="Null where the unit is closed and what it was assigned is taken away."
    )
    previous: int | None = strawberry.field(description="What it was assigned before.")

    @sql(queries.units.of_row)
    def unit(self) -> Unit | None:
        """The child."""


@strawberry.type(description="A distribution: done, or only shown.")
class DistributeTargetPayload:
    """A distribution, done or only shown."""

    total: int
    preview: bool

    @sql(queries.units.parent)
    def parent(self) -> Unit | None:
        """The unit whose children these are."""

    @sql(queries.targets.allocations)
    def allocations(self) -> list[Allocation]:
        """What each child is assigned, by code; the values sum to the total."""


@shows(TargetRejectedError)
@strawberry.type(description="What the programme's rules for targets do not allow.")
class TargetRejected(Failure):
    """What the programme's rules for targets do not allow."""

    unit: str | None = strawberry.field(description="The code of the unit in question.")
    phase: int | None = strawberry.field(description="The ordinal of the phase that is missing.")
    by: DistributeBy | None


AssignTargetsResult = Annotated[
    AssignTargetsPayload | TargetRejected | Refusal, strawberry.union("AssignTargetsResult")
]
RegisterTargetResult = Annotated[
    RegisterTargetPayload | TargetRejected | Refusal, strawberry.union("RegisterTargetResult")
]
DistributeTargetResult = Annotated[
    DistributeTargetPayload | TargetRejected | Refusal, strawberry.union("DistributeTargetResult")
]


@strawberry.type
class TargetMutations:
    """What is aimed at."""

    @mutation(targets.assign, Permission.TARGET_ASSIGN)
    def assign_targets(self, input: AssignTargetsInput) -> AssignTargetsResult:
        """Assign targets to units directly below one."""

    @mutation(targets.register, Permission.TARGET_REGISTER)
    def register_target(self, input: RegisterTargetInput) -> RegisterTargetResult:
        """Register a unit's own target."""

    @mutation(targets.share_out, Permission.TARGET_ASSIGN)
    def distribute_target(self, input: DistributeTargetInput) -> DistributeTargetResult:
        """Distribute a total among all open units directly below one, exact to the last."""
