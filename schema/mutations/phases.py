"""Mutations of phases."""

from datetime import date
from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from db import queries
from db.commands import freeze, phases
from db.rules.phase import PhaseRejectedError
from db.transactions import UNHURRIED
from schema.campaigns import Drive, Phase
from schema.compiler.commands import mutation
from schema.compiler.fields import sql
from schema.errors import Failure, Refusal, shows
from schema.inputs import clearable, key, line, prose, read_version, several, text_of, whole
from schema.messages import says
from schema.scalars import Permission

says(
    {
        "OVERLAP": (
            "Tại {unit_code} trùng với đợt {ordinal}, từ {opens_on} đến {closes_on}.",
            "At {unit_code} it would overlap phase {ordinal}, from {opens_on} to {closes_on}.",
        ),
        "OUTSIDE_PHASE": (
            "Tại {unit_code}, đợt {ordinal} chỉ kéo dài từ {opens_on} đến {closes_on}.",
            "At {unit_code}, phase {ordinal} lasts from {opens_on} to {closes_on}.",
        ),
        "DRIVE_LEFT_OUT": (
            "Đợt cao điểm “{drive_title}” của {unit_code} từ {opens_on} sẽ nằm ngoài đợt.",
            "The drive “{drive_title}” of {unit_code} from {opens_on} would lie outside.",
        ),
        "NOT_CLOSED": (
            "Tại {unit_code}, đợt {ordinal} còn mở đến hết {closes_on}.",
            "At {unit_code}, phase {ordinal} is open until {closes_on}.",
        ),
        "FROZEN": (
            "Kết quả đợt {ordinal} đã được chốt ngày {frozen_on}.",
            "The results of phase {ordinal} were frozen on {frozen_on}.",
        ),
    }
)

CLOSED_REASON = "The reason. Required once the phase has closed."
LARGEST_ORDINAL = 1_000
_LARGEST_FLOOR = 1_000_000


def at_phase() -> Any:
    """Declare the ordinal of a phase."""
    return whole(1, LARGEST_ORDINAL, description="The phase's ordinal.")


def _floor() -> Any:
    return whole(
        1,
        _LARGEST_FLOOR,
        default=None,
        description="The number of achieved initiatives that every grassroots unit should reach.",
    )


def _occasions() -> Any:
    return several(
        text_of(300),
        most=20,
        default=None,
        description="The anniversaries and events, each at most 300 characters.",
    )


@strawberry.input
class AddPhaseInput:
    """The values of a new phase of a campaign."""

    campaign: str = line(40, description="The campaign's code.")
    title: str = line(300, description="The phase's title.")
    opens_on: date = strawberry.field(description="The first day.")
    closes_on: date = strawberry.field(description="The last day, included; not before `opensOn`.")
    ordinal: int | None = whole(
        1,
        LARGEST_ORDINAL,
        default=None,
        description="The phase's number in the campaign. Omitted: one more than the highest.",
    )
    floor: int | None = _floor()
    audience: str | None = line(300, default=None, description="Whom the phase is for.")
    occasions: list[str] | None = _occasions()
    idempotency_key: str | None = key()


@strawberry.input
class UpdatePhaseInput:
    """The changes of a phase. Omitted fields stay; null clears `audience`."""

    campaign: str = line(40, description="The campaign's code.")
    phase: int = at_phase()
    version: int | None = read_version("phase")
    title: str | None = line(300, default=None, description="The phase's title.")
    opens_on: date | None = strawberry.field(default=UNSET, description="The first day.")
    closes_on: date | None = strawberry.field(
        default=UNSET, description="The last day, included; not before `opensOn`."
    )
    floor: int | None = _floor()
    audience: str | None = clearable(
        line(300, default=None, description="Whom the phase is for. Null clears it.")
    )
    occasions: list[str] | None = _occasions()
    reason: str | None = prose(2_000, default=None, description=CLOSED_REASON)
    idempotency_key: str | None = key()


@strawberry.input
class FreezePhaseInput:
    """The closed phase whose results are to be frozen."""

    campaign: str = line(40, description="The campaign's code.")
    phase: int = at_phase()
    version: int | None = read_version("phase")
    idempotency_key: str | None = key()


@strawberry.type
class PhasePayload:
    """The phase after the mutation."""

    @sql(queries.campaigns.phase_of_row)
    def phase(self) -> Phase:
        """The phase with its new values."""


@strawberry.type
class UpdatePhasePayload(PhasePayload):
    """The phase after the mutation, and what now lies outside its dates."""

    outside_window: int = strawberry.field(
        description=(
            "The number of initiatives that count in the phase although they were"
            " submitted on a day outside its window at their unit. They stay in it."
        )
    )

    @sql(queries.campaigns.drives_outside)
    def drives_outside(self) -> list[Drive]:
        """The past drives that are no longer within the window. They stay as they are."""


@shows(PhaseRejectedError)
@strawberry.type
class PhaseRejected(Failure):
    """A rule for phases and drives does not allow the mutation; `code` and `message` name it."""

    ordinal: int | None = strawberry.field(
        description="The ordinal of the phase that the dates belong to. Null where there is none."
    )
    opens_on: date | None = strawberry.field(
        description="The first day of that phase or drive. Null where there is none."
    )
    closes_on: date | None = strawberry.field(
        description="The last day of that phase or drive, included. Null where there is none."
    )
    unit_code: str | None = strawberry.field(
        description="The code of the unit at which these dates apply. Null where there is none."
    )
    drive_title: str | None = strawberry.field(
        description="The title of the drive that the dates belong to. Null where they are a"
        " phase's."
    )
    frozen_on: date | None = strawberry.field(
        description="The day on which the phase was frozen. Null where it is not."
    )


AddPhaseResult = Annotated[
    PhasePayload | PhaseRejected | Refusal, strawberry.union("AddPhaseResult")
]
UpdatePhaseResult = Annotated[
    UpdatePhasePayload | PhaseRejected | Refusal, strawberry.union("UpdatePhaseResult")
]
FreezePhaseResult = Annotated[
    PhasePayload | PhaseRejected | Refusal, strawberry.union("FreezePhaseResult")
]


@strawberry.type
class PhaseMutations:
    """Mutations of phases."""

    @mutation(phases.add, Permission.CAMPAIGN_MANAGE)
    def add_phase(self, input: AddPhaseInput) -> AddPhaseResult:
        """Add a phase to a campaign. The permission is needed at the campaign's owner."""

    @mutation(phases.update, Permission.CAMPAIGN_MANAGE, seconds=UNHURRIED)
    def update_phase(self, input: UpdatePhaseInput) -> UpdatePhaseResult:
        """Change a phase. The permission is needed at the campaign's owner.

        Initiatives that count in the phase stay in it, whatever its dates become.
        """

    @mutation(freeze.freeze, Permission.CAMPAIGN_MANAGE, seconds=UNHURRIED)
    def freeze_phase(self, input: FreezePhaseInput) -> FreezePhaseResult:
        """Freeze the results of a phase that has closed at every unit; this cannot be undone.

        The permission is needed at the campaign's owner. Later changes to the phase become
        adjustments.
        """
