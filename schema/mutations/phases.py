"""Phases: added, changed, frozen."""

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
from schema.inputs import clearable, key, line, prose, several, text_of, whole
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

CLOSED_REASON = "Needed once the phase has closed."
LARGEST_ORDINAL = 1_000
_LARGEST_FLOOR = 1_000_000


def at_phase() -> Any:
    """Declare which phase of a campaign is meant."""
    return whole(1, LARGEST_ORDINAL, description="The phase's ordinal.")


def _floor() -> Any:
    return whole(
        1, _LARGEST_FLOOR, default=None, description="The minimum for each grassroots unit."
    )


def _occasions() -> Any:
    return several(text_of(300), most=20, default=None)


@strawberry.input(description="A phase; both its days are included.")
class AddPhaseInput:
    """A new phase."""

    campaign: str = line(40, description="The campaign's code.")
    title: str = line(300)
    opens_on: date
    closes_on: date
    ordinal: int | None = whole(
        1, LARGEST_ORDINAL, default=None, description="After the last one where unsaid."
    )
    floor: int | None = _floor()
    audience: str | None = line(300, default=None)
    occasions: list[str] | None = _occasions()
    idempotency_key: str | None = key()


@strawberry.input(description="What is left out stays; null clears `audience`.")
class UpdatePhaseInput:
    """Changes of a phase."""

    campaign: str = line(40, description="The campaign's code.")
    phase: int = at_phase()
    version: int | None = strawberry.field(default=UNSET, description="As it was last seen.")
    title: str | None = line(300, default=None)
    opens_on: date | None = UNSET
    closes_on: date | None = UNSET
    floor: int | None = _floor()
    audience: str | None = clearable(line(300, default=None))
    occasions: list[str] | None = _occasions()
    reason: str | None = prose(2_000, default=None, description=CLOSED_REASON)
    idempotency_key: str | None = key()


@strawberry.input(description="A closed phase whose results are to be stored.")
class FreezePhaseInput:
    """A closed phase whose results are to be stored."""

    campaign: str = line(40, description="The campaign's code.")
    phase: int = at_phase()
    version: int | None = strawberry.field(default=UNSET, description="As it was last seen.")
    idempotency_key: str | None = key()


@strawberry.type(description="The phase as it is now.")
class PhasePayload:
    """The phase as it is now."""

    @sql(queries.campaigns.phase_of_row)
    def phase(self) -> Phase:
        """The phase."""


@strawberry.type(description="The phase as it is now, and what lies outside it.")
class UpdatePhasePayload(PhasePayload):
    """The phase as it is now, and what lies outside it."""

    outside_window: int = strawberry.field(
        description=(
            "Initiatives that count in the phase and were submitted on a day outside its window "
            "as it holds for their units. They stay in it."
        )
    )

    @sql(queries.campaigns.drives_outside)
    def drives_outside(self) -> list[Drive]:
        """Drives, all of them over, that are not within the window any more."""


@shows(PhaseRejectedError)
@strawberry.type(description="What the programme's rules for phases do not allow.")
class PhaseRejected(Failure):
    """What the programme's rules for phases do not allow, with the dates that matter."""

    ordinal: int | None = strawberry.field(description="Of the phase that the dates are of.")
    opens_on: date | None
    closes_on: date | None
    unit_code: str | None = strawberry.field(description="The code of the unit where they hold.")
    drive_title: str | None = strawberry.field(
        description="The drive that the dates are of, if any."
    )
    frozen_on: date | None


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
    """What administrators of a campaign's owner do with its phases."""

    @mutation(phases.add, Permission.CAMPAIGN_MANAGE)
    def add_phase(self, input: AddPhaseInput) -> AddPhaseResult:
        """Add a phase to a campaign."""

    @mutation(phases.update, Permission.CAMPAIGN_MANAGE, seconds=UNHURRIED)
    def update_phase(self, input: UpdatePhaseInput) -> UpdatePhaseResult:
        """Change a phase. What counts in it stays there, whatever its dates become."""

    @mutation(freeze.freeze, Permission.CAMPAIGN_MANAGE, seconds=UNHURRIED)
    def freeze_phase(self, input: FreezePhaseInput) -> FreezePhaseResult:
        """Store the results of a phase that has closed everywhere, once and for ever."""
