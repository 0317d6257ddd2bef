"""The union tree."""

from datetime import date, datetime
from typing import Annotated

import strawberry

from db import queries
from schema.arguments import AnyPhase, CampaignCode, PhaseOrdinal
from schema.authorizations import Client
from schema.awards import Award
from schema.compiler.fields import connection, sql
from schema.compiler.relay import Connection
from schema.initiative_filter import InitiativeFilter, InitiativeOrder
from schema.initiatives import Initiative
from schema.node import Node
from schema.people import Account, Grant, Person, PersonFilter
from schema.progress import Progress, Standing
from schema.results import Adjustment, PhaseResult
from schema.reviews import QueueEntry
from schema.scalars import Permission, UnitChange, UnitLevel
from schema.targets import Target
from schema.unit_filter import UnitFilter, UnitOrder


@strawberry.type
class EmulationBloc:
    """An emulation bloc (Khối Thi đua): units that are ranked against one another."""

    code: str = strawberry.field(description="The bloc's code, unique.")
    name: str = strawberry.field(description="The bloc's name.")

    @connection(queries.units.in_bloc, conditions=queries.units.CONDITIONS)
    def units(
        self,
        filter: UnitFilter | None = None,
        order_by: UnitOrder | None = None,
    ) -> Connection[Annotated["Unit", strawberry.lazy("schema.units")]]:
        """The units of the bloc that the caller may see."""


@strawberry.type
class UnitState:
    """The fields of a unit before or after a change.

    A field is null where the change did not concern it, or where it has no value.
    """

    name: str | None = strawberry.field(description="The unit's name.")
    level: UnitLevel | None = strawberry.field(description="The unit's level in the tree.")
    member_count: int | None = strawberry.field(description="The number of members.")
    valid_from: date | None = strawberry.field(description="The first day of the unit.")
    valid_to: date | None = strawberry.field(description="The last day of the unit.")

    @sql(queries.units.parent)
    def parent(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit directly above. Null too where the caller may not see it."""

    @sql(queries.units.bloc)
    def bloc(self) -> EmulationBloc | None:
        """The emulation bloc that the unit belongs to."""

    @sql(queries.units.merged_into)
    def merged_into(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit that it was merged into. Null too where the caller may not see it."""


@strawberry.type
class UnitHistory:
    """One change of a unit: by whom, when, why, and its fields before and after."""

    change: UnitChange = strawberry.field(description="The kind of the change.")
    reason: str | None = strawberry.field(
        description="The reason that the caller of the change gave. Null where there is none."
    )
    at: datetime = strawberry.field(description="When the unit was changed.")

    @sql(queries.people.actor)
    def by(self) -> Person | None:
        """The person who changed it. Null where the caller may not see the person."""

    @sql(queries.units.before)
    def before(self) -> UnitState | None:
        """The fields before the change. Null for a new, merged or closed unit."""

    @sql(queries.units.after)
    def after(self) -> UnitState | None:
        """The fields after the change. Null where the change set none."""


@strawberry.type
class Unit(Node):
    """A union organisation, and the root of its subtree: the unit and everything below it."""

    by_id = staticmethod(queries.units.by_id)

    code: str = strawberry.field(
        description="The unit's code, unique. Arguments and input fields that name a unit take it."
    )
    name: str = strawberry.field(description="The unit's name.")
    level: UnitLevel = strawberry.field(description="The unit's level in the tree.")
    depth: int = strawberry.field(description="The number of units above it; 0 at the root.")
    member_count: int = strawberry.field(
        description="The number of members, as the unit reports it; not a count of people"
        " entered here."
    )
    valid_from: date = strawberry.field(description="The first day of the unit.")
    valid_to: date | None = strawberry.field(
        description="The day on which the unit was closed. Null while it is open."
    )
    version: int = strawberry.field(
        description="The version, to send with mutations of the unit. It rises with every change."
    )

    @sql(queries.units.parent)
    def parent(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit directly above. Null at the root, and where the caller may not see it."""

    @sql(queries.units.ancestors)
    def ancestors(self) -> list[Annotated["Unit", strawberry.lazy("schema.units")]]:
        """The units above that the caller may see, the root first."""

    @connection(queries.units.children, conditions=queries.units.CONDITIONS)
    def children(
        self,
        filter: UnitFilter | None = None,
        order_by: UnitOrder | None = None,
    ) -> Connection[Annotated["Unit", strawberry.lazy("schema.units")]]:
        """The units directly below, closed ones too."""

    @sql(queries.units.bloc)
    def bloc(self) -> EmulationBloc | None:
        """The emulation bloc that the unit belongs to. Null where it belongs to none."""

    @sql(queries.progress.of_unit)
    def progress(self, campaign: CampaignCode, phase: AnyPhase = None) -> Progress | None:
        """The totals of the unit's subtree in a phase, or in a campaign.

        Null for an unknown campaign or phase.
        """

    @sql(queries.results.of_unit)
    def result(self, campaign: CampaignCode, phase: PhaseOrdinal) -> PhaseResult | None:
        """The unit's totals as they were when a phase was frozen. Null while it is not."""

    @connection(queries.results.adjustments_of_unit)
    def adjustments(self, campaign: CampaignCode, phase: PhaseOrdinal) -> Connection[Adjustment]:
        """Changes made in this subtree after a phase had closed, newest first.

        Empty for callers without a role that covers the unit. `PhaseResult.gained` is their sum.
        """

    @sql(queries.targets.of_unit)
    def target(self, campaign: CampaignCode, phase: PhaseOrdinal) -> Target | None:
        """The unit's target in a phase. Null for an unknown phase."""

    @sql(queries.progress.standing, price=50)
    def standing(self, campaign: CampaignCode, phase: PhaseOrdinal) -> Standing | None:
        """The unit's rank in its emulation bloc in a phase.

        Null where it is in no bloc, and for callers without STANDING_READ at the unit.
        """

    @connection(
        queries.initiatives.of_subtree, conditions=queries.initiatives.CONDITIONS, counted=100
    )
    def initiatives(
        self,
        filter: InitiativeFilter | None = None,
        order_by: InitiativeOrder | None = None,
    ) -> Connection[Initiative]:
        """The initiatives of the unit's subtree that the caller may see."""

    @connection(queries.reviews.awaiting)
    def awaiting(self) -> Connection[QueueEntry]:
        """The initiatives that await the decision of this unit itself, the oldest first.

        Only those that a role of the caller covers, not those that the caller sees as author or
        because they are published.
        """

    @connection(queries.awards.received)
    def awards(self) -> Connection[Award]:
        """The awards that the unit received, newest first.

        Only those whose recipient or issuer a role of the caller covers.
        """

    @connection(queries.awards.issued)
    def awards_issued(self) -> Connection[Award]:
        """The awards that the unit gave, newest first.

        Only those whose recipient or issuer a role of the caller covers.
        """

    @sql(queries.units.merged_into)
    def merged_into(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit that this one was merged into.

        Null where it was not merged, or where the caller may not see that unit.
        """

    @connection(queries.units.history)
    def history(self) -> Connection[UnitHistory]:
        """The changes of the unit, newest first.

        Empty for callers without a role that covers the unit, and for anonymous callers.
        """

    @connection(queries.people.of_unit, counted=100)
    def people(self, filter: PersonFilter | None = None) -> Connection[Person]:
        """The people of the unit itself that the caller may see, in the order of entry."""

    @connection(queries.people.accounts_at, counted=100)
    def accounts(self) -> Connection[Account]:
        """The accounts of the unit's own people that the caller may see, the oldest first."""

    @connection(queries.people.granted_at)
    def grants(self) -> Connection[Grant]:
        """The role grants at the unit itself that the caller may see, newest first.

        Revoked ones are among them.
        """

    @connection(queries.clients.granted_at)
    def clients(self) -> Connection[Client]:
        """The applications whose service account has a role at this unit, newest first.

        Only those whose role grants the caller may see.
        """

    @sql(queries.units.viewer_can)
    def viewer_can(self) -> list[Permission]:
        """The permissions that the caller has at this unit."""
