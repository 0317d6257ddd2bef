"""What units below set within a phase: other dates for their subtree, and drives."""

from datetime import date
from typing import Annotated

import strawberry
from strawberry import UNSET

from db import queries
from db.commands import windows
from schema.campaigns import Drive, WindowOverride
from schema.compiler.commands import mutation
from schema.compiler.fields import sql
from schema.errors import Refusal
from schema.inputs import key, line, prose
from schema.mutations.phases import (
    CLOSED_REASON,
    PhasePayload,
    PhaseRejected,
    UpdatePhasePayload,
    at_phase,
)
from schema.scalars import Permission


@strawberry.input(description="Without dates, the unit's override is taken away.")
class OverridePhaseWindowInput:
    """Other dates of a phase for a unit and everything below it."""

    campaign: str = line(40, description="The campaign's code.")
    phase: int = at_phase()
    unit: str = line(40, description="The unit's code.")
    opens_on: date | None = UNSET
    closes_on: date | None = UNSET
    version: int | None = strawberry.field(
        default=UNSET, description="Of the override, as it was last seen."
    )
    reason: str | None = prose(2_000, default=None, description=CLOSED_REASON)
    idempotency_key: str | None = key()


@strawberry.input(description="A peak within a phase, as the phase holds at the unit.")
class AddDriveInput:
    """A new drive."""

    campaign: str = line(40, description="The campaign's code.")
    phase: int = at_phase()
    unit: str = line(40, description="The code of the unit that calls it.")
    title: str = line(300)
    opens_on: date
    closes_on: date
    reason: str | None = prose(2_000, default=None, description=CLOSED_REASON)
    idempotency_key: str | None = key()


@strawberry.type(description="The phase at the unit as it is now, and what lies outside it.")
class OverridePhaseWindowPayload(UpdatePhasePayload):
    """The phase at the unit as it is now, and what of the unit's subtree lies outside it."""

    @sql(queries.campaigns.override_of_row)
    def override(self) -> WindowOverride | None:
        """The unit's own override; null once it has none."""


@strawberry.type(description="The drive, and its phase.")
class AddDrivePayload(PhasePayload):
    """The drive, and its phase."""

    @sql(queries.campaigns.drive_of_row)
    def drive(self) -> Drive:
        """The drive."""


OverridePhaseWindowResult = Annotated[
    OverridePhaseWindowPayload | PhaseRejected | Refusal,
    strawberry.union("OverridePhaseWindowResult"),
]
AddDriveResult = Annotated[
    AddDrivePayload | PhaseRejected | Refusal, strawberry.union("AddDriveResult")
]


@strawberry.type
class WindowMutations:
    """What administrators of units below set for their subtrees."""

    @mutation(windows.override, Permission.TARGET_ASSIGN)
    def override_phase_window(self, input: OverridePhaseWindowInput) -> OverridePhaseWindowResult:
        """Give a phase other dates for a unit and everything below it, or take them away."""

    @mutation(windows.add_drive, Permission.TARGET_ASSIGN)
    def add_drive(self, input: AddDriveInput) -> AddDriveResult:
        """Call a drive within a phase."""
