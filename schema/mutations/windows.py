"""Mutations of a unit's own dates of a phase, and of drives."""

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
from schema.inputs import key, line, prose, read_version
from schema.mutations.phases import (
    CLOSED_REASON,
    PhasePayload,
    PhaseRejected,
    UpdatePhasePayload,
    at_phase,
)
from schema.scalars import Permission


@strawberry.input
class OverridePhaseWindowInput:
    """A unit's own dates of a phase. Without `opensOn` and `closesOn` the override is removed."""

    campaign: str = line(40, description="The campaign's code.")
    phase: int = at_phase()
    unit: str = line(40, description="The code of the unit whose subtree gets the dates.")
    opens_on: date | None = strawberry.field(
        default=UNSET, description="The first day. Omit both dates to remove the override."
    )
    closes_on: date | None = strawberry.field(
        default=UNSET, description="The last day, included; not before `opensOn`."
    )
    version: int | None = read_version("override")
    reason: str | None = prose(2_000, default=None, description=CLOSED_REASON)
    idempotency_key: str | None = key()


@strawberry.input
class AddDriveInput:
    """The values of a new drive: a peak within a phase."""

    campaign: str = line(40, description="The campaign's code.")
    phase: int = at_phase()
    unit: str = line(40, description="The code of the unit that calls the drive.")
    title: str = line(300, description="The drive's title.")
    opens_on: date = strawberry.field(
        description="The first day, within the phase as it applies at the unit."
    )
    closes_on: date = strawberry.field(
        description="The last day, included, within the phase as it applies at the unit."
    )
    reason: str | None = prose(2_000, default=None, description=CLOSED_REASON)
    idempotency_key: str | None = key()


@strawberry.type
class OverridePhaseWindowPayload(UpdatePhasePayload):
    """The phase after the mutation, and what now lies outside its dates at the unit."""

    @sql(queries.campaigns.override_of_row)
    def override(self) -> WindowOverride | None:
        """The unit's override. Null where it has none now."""


@strawberry.type
class AddDrivePayload(PhasePayload):
    """The new drive and its phase."""

    @sql(queries.campaigns.drive_of_row)
    def drive(self) -> Drive:
        """The drive that was added."""


OverridePhaseWindowResult = Annotated[
    OverridePhaseWindowPayload | PhaseRejected | Refusal,
    strawberry.union("OverridePhaseWindowResult"),
]
AddDriveResult = Annotated[
    AddDrivePayload | PhaseRejected | Refusal, strawberry.union("AddDriveResult")
]


@strawberry.type
class WindowMutations:
    """Mutations of window overrides and drives."""

    @mutation(windows.override, Permission.TARGET_ASSIGN)
    def override_phase_window(self, input: OverridePhaseWindowInput) -> OverridePhaseWindowResult:
        """Set a unit's own dates of a phase for its subtree, or remove them."""

    @mutation(windows.add_drive, Permission.TARGET_ASSIGN)
    def add_drive(self, input: AddDriveInput) -> AddDriveResult:
        """Add a drive to a phase, called by a unit."""
