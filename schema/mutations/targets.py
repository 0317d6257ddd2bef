"""Mutations of targets: assign, register, distribute."""

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
            "Đơn vị {unit_code} chưa có chỉ tiêu để phân bổ; hãy nêu tổng số.",
            "The unit {unit_code} has no target to distribute; say the total.",
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
        2_000, default=None, description="The reason. Required where the phase is closed or frozen."
    )
    return reason


@strawberry.input
class ChildTargetInput:
    """The target to assign to one unit directly below."""

    unit: str = line(40, description="The child's code.")
    assigned: int | None = nullable(
        whole(
            0,
            MOST,
            default=None,
            description="The target in initiatives, required; null clears it.",
        )
    )
    version: int | None = strawberry.field(
        default=None,
        description="The `version` of the child's target that the client read; 0 where it was"
        " never set. Where another request has changed it since, the mutation"
        " returns Conflict. Omitted: no check.",
    )


@strawberry.input
class AssignTargetsInput:
    """Targets for units directly below one unit; all are saved or none."""

    campaign: str = line(40, description="The campaign's code.")
    phase: int = strawberry.field(description="The phase's ordinal.")
    parent: str = line(40, description="The code of the unit that assigns.")
    targets: list[ChildTargetInput] = several(
        least=1,
        most=_CHILDREN,
        once=lambda target: target.unit,
        description="The targets, each child once.",
    )
    reason: str | None = _reason()
    idempotency_key: str | None = key()


@strawberry.input
class RegisterTargetInput:
    """The target that a unit registers for itself."""

    campaign: str = line(40, description="The campaign's code.")
    phase: int = strawberry.field(description="The phase's ordinal.")
    unit: str = line(40, description="The code of the unit that registers.")
    registered: int | None = nullable(
        whole(
            0,
            MOST,
            default=None,
            description="The target in initiatives, required; null clears it.",
        )
    )
    version: int | None = strawberry.field(
        default=UNSET,
        description="The `version` of the target that the client read; 0 where it was never"
        " set. Where another request has changed it since, the mutation returns"
        " Conflict. Omitted: no check.",
    )
    reason: str | None = _reason()
    idempotency_key: str | None = key()


@strawberry.input
class DistributeTargetInput:
    """A total to distribute among the units directly below one unit."""

    campaign: str = line(40, description="The campaign's code.")
    phase: int = strawberry.field(description="The phase's ordinal.")
    parent: str = line(40, description="The code of the unit that distributes.")
    by: DistributeBy = strawberry.field(description="The weights of the children.")
    total: int | None = whole(
        0,
        MOST,
        default=None,
        description="The total in initiatives. Omitted: the unit's effective target.",
    )
    preview: bool | None = strawberry.field(
        default=UNSET,
        description="Whether to return the distribution without saving it. Omitted: false.",
    )
    reason: str | None = _reason()
    idempotency_key: str | None = key()


@strawberry.type
class AssignTargetsPayload:
    """The unit that assigned, after the mutation."""

    @sql(queries.units.parent)
    def parent(self) -> Unit | None:
        """The unit.

        It has assigned more than its own target where `target { unallocated }` is negative. Null
        where the caller may not see it.
        """


@strawberry.type
class RegisterTargetPayload:
    """The unit that registered, after the mutation."""

    @sql(queries.units.of_row)
    def unit(self) -> Unit | None:
        """The unit. Null where the caller may not see it."""


@strawberry.type
class Allocation:
    """The part of a distribution that one child gets."""

    value: int | None = strawberry.field(
        description="The target in initiatives. Null where the unit is closed and its assigned"
        " target is cleared."
    )
    previous: int | None = strawberry.field(
        description="The assigned target before, in initiatives. Null where there was none."
    )

    @sql(queries.units.of_row)
    def unit(self) -> Unit | None:
        """The child. Null where the caller may not see it."""


@strawberry.type
class DistributeTargetPayload:
    """A distribution, saved or only previewed."""

    total: int = strawberry.field(description="The total that was distributed, in initiatives.")
    preview: bool = strawberry.field(description="Whether this is a preview, which saved nothing.")

    @sql(queries.units.parent)
    def parent(self) -> Unit | None:
        """The unit whose children get the targets. Null where the caller may not see it."""

    @sql(queries.targets.allocations)
    def allocations(self) -> list[Allocation]:
        """The part of each child, by code. The values sum to `total`."""


@shows(TargetRejectedError)
@strawberry.type
class TargetRejected(Failure):
    """A rule for targets does not allow the mutation; `code` and `message` name it."""

    unit_code: str | None = strawberry.field(
        description="The code of the unit that the rule is about. Null where it is about none."
    )
    phase: int | None = strawberry.field(
        description="The ordinal of the phase that does not exist. Null where that is not the"
        " reason."
    )
    by: DistributeBy | None = strawberry.field(
        description="The weights that are all 0. Null where that is not the reason."
    )


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
    """Mutations of targets."""

    @mutation(targets.assign, Permission.TARGET_ASSIGN)
    def assign_targets(self, input: AssignTargetsInput) -> AssignTargetsResult:
        """Assign targets to units directly below a unit."""

    @mutation(targets.register, Permission.TARGET_REGISTER)
    def register_target(self, input: RegisterTargetInput) -> RegisterTargetResult:
        """Register a unit's own target, which then counts instead of the assigned one."""

    @mutation(targets.share_out, Permission.TARGET_ASSIGN)
    def distribute_target(self, input: DistributeTargetInput) -> DistributeTargetResult:
        """Distribute a total among all open units directly below a unit.

        The parts sum exactly to the total. With `preview` nothing is saved.
        """
