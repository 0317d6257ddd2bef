"""The union tree."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

import strawberry

from db import queries
from schema.authorizations import Client
from schema.awards import Award
from schema.compiler.fields import connection, searched, sql
from schema.compiler.relay import Connection
from schema.initiatives import Initiative, InitiativeFilter, InitiativeOrder
from schema.node import Node
from schema.order import OrderDirection
from schema.people import Account, Grant, Person, PersonFilter
from schema.progress import Progress, Standing
from schema.results import Adjustment, PhaseResult
from schema.reviews import QueueEntry
from schema.scalars import Permission, UnitChange, UnitLevel
from schema.targets import Target


@strawberry.input(description="A phase of a campaign.")
class PhaseKey:
    """A phase of a campaign."""

    campaign: str = strawberry.field(description="The campaign's code.")
    phase: int = strawberry.field(description="The phase's ordinal in the campaign.")


@strawberry.input(description="All that is given must hold.")
class UnitFilter:
    """Which units."""

    level: UnitLevel | None = None
    bloc: str | None = strawberry.field(default=None, description="By the bloc's code.")
    under: str | None = strawberry.field(
        default=None, description="The unit with this code and everything below it."
    )
    closed: bool | None = None
    text: str | None = searched("In the name or code, without regard to diacritics or case.")
    without_officer: bool | None = strawberry.field(
        default=None,
        description="True: units at which no account has the role OFFICER today, as far as the"
        " viewer may know roles there. False: the others.",
    )
    without_target: PhaseKey | None = strawberry.field(
        default=None, description="Units with neither an assigned nor a registered target."
    )
    without_submission: PhaseKey | None = strawberry.field(
        default=None, description="Units in whose subtree nothing was submitted in the phase."
    )
    below_floor: PhaseKey | None = strawberry.field(
        default=None,
        description="Open grassroots units that have achieved less than the phase's floor.",
    )


@strawberry.enum
class UnitOrderField(StrEnum):
    """What orders units; names without regard to diacritics or case."""

    CODE = "CODE"
    NAME = "NAME"
    MEMBER_COUNT = "MEMBER_COUNT"


@strawberry.input(description="By code where unsaid.")
class UnitOrder:
    """The order of units."""

    field: UnitOrderField
    direction: OrderDirection = OrderDirection.ASC


@strawberry.type(description="Units that are compared with one another.")
class EmulationBloc:
    """Units that are compared with one another (Khối Thi đua)."""

    code: str
    name: str

    @connection(queries.units.in_bloc, conditions=queries.units.CONDITIONS)
    def units(
        self,
        filter: UnitFilter | None = None,
        order_by: UnitOrder | None = None,
    ) -> Connection[Annotated["Unit", strawberry.lazy("schema.units")]]:
        """Its units that the viewer sees."""


@strawberry.type(description="What a change of a unit was about; null is what it left alone.")
class UnitState:
    """What a change of a unit was about; null is what it left alone, or took away."""

    name: str | None
    level: UnitLevel | None
    member_count: int | None
    valid_from: date | None
    valid_to: date | None

    @sql(queries.units.parent)
    def parent(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit above, where the viewer sees it."""

    @sql(queries.units.bloc)
    def bloc(self) -> EmulationBloc | None:
        """The emulation bloc."""

    @sql(queries.units.merged_into)
    def merged_into(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit that goes on for it, where the viewer sees it."""


@strawberry.type(description="One change of a unit.")
class UnitHistory:
    """One change of a unit: who, when, why, and what it was before and after."""

    change: UnitChange
    reason: str | None
    at: datetime

    @sql(queries.people.actor)
    def by(self) -> Person | None:
        """Who changed it, where the viewer may know."""

    @sql(queries.units.before)
    def before(self) -> UnitState | None:
        """As it was; null for a unit that is new, merged or closed."""

    @sql(queries.units.after)
    def after(self) -> UnitState | None:
        """As it became."""


@strawberry.type(description="A union organisation.")
class Unit(Node):
    """A union organisation and, through it, its subtree."""

    by_id = staticmethod(queries.units.by_id)

    code: str
    name: str
    level: UnitLevel
    depth: int = strawberry.field(description="0 at the root.")
    member_count: int
    valid_from: date
    valid_to: date | None = strawberry.field(description="The day it was closed, if it was.")
    version: int

    @sql(queries.units.parent)
    def parent(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit above, where the viewer sees it."""

    @sql(queries.units.ancestors)
    def ancestors(self) -> list[Annotated["Unit", strawberry.lazy("schema.units")]]:
        """The units above, root first, only those visible."""

    @connection(queries.units.children, conditions=queries.units.CONDITIONS)
    def children(
        self,
        filter: UnitFilter | None = None,
        order_by: UnitOrder | None = None,
    ) -> Connection[Annotated["Unit", strawberry.lazy("schema.units")]]:
        """The units directly below."""

    @sql(queries.units.bloc)
    def bloc(self) -> EmulationBloc | None:
        """The emulation bloc."""

    @sql(queries.progress.of_unit)
    def progress(self, campaign: str, phase: int | None = None) -> Progress | None:
        """Totals of this unit's whole subtree. Without `phase`, of the whole campaign."""

    @sql(queries.results.of_unit)
    def result(self, campaign: str, phase: int) -> PhaseResult | None:
        """This unit's totals as they were frozen after a phase; null where they are not."""

    @connection(queries.results.adjustments_of_unit)
    def adjustments(self, campaign: str, phase: int) -> Connection[Adjustment]:
        """What was changed in this subtree after a phase had closed, newest first.

        Empty for viewers without a role that covers the unit; `PhaseResult.gained` has the sum.
        """

    @sql(queries.targets.of_unit)
    def target(self, campaign: str, phase: int) -> Target | None:
        """The target of this unit in a phase."""

    @sql(queries.progress.standing, price=50)
    def standing(self, campaign: str, phase: int) -> Standing | None:
        """The rank in the emulation bloc; null where there is none or it is not to see."""

    @connection(
        queries.initiatives.of_subtree, conditions=queries.initiatives.CONDITIONS, counted=100
    )
    def initiatives(
        self,
        filter: InitiativeFilter | None = None,
        order_by: InitiativeOrder | None = None,
    ) -> Connection[Initiative]:
        """Initiatives of this unit and everything below it."""

    @connection(queries.reviews.awaiting)
    def awaiting(self) -> Connection[QueueEntry]:
        """Initiatives that await this very unit's decision, the oldest first.

        Of those in a scope of the viewer's by a role, not of those seen as author or as public.
        """

    @connection(queries.awards.received)
    def awards(self) -> Connection[Award]:
        """Awards received, newest first.

        Those of which a role of the viewer covers the recipient or the issuer.
        """

    @connection(queries.awards.issued)
    def awards_issued(self) -> Connection[Award]:
        """Awards given by this unit, newest first, as far as `awards` shows them."""

    @sql(queries.units.merged_into)
    def merged_into(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit that goes on for this one since a merge."""

    @connection(queries.units.history)
    def history(self) -> Connection[UnitHistory]:
        """What happened to it, newest first.

        Empty for viewers without a role that covers the unit, such as the public at the root.
        """

    @connection(queries.people.of_unit, counted=100)
    def people(self, filter: PersonFilter | None = None) -> Connection[Person]:
        """People of this very unit whom the viewer may know, as they were entered."""

    @connection(queries.people.accounts_at, counted=100)
    def accounts(self) -> Connection[Account]:
        """Accounts of this very unit's people that the viewer may know, as they were created."""

    @connection(queries.people.granted_at)
    def grants(self) -> Connection[Grant]:
        """Grants at this very unit that the viewer may know, newest first, revoked ones too."""

    @connection(queries.clients.granted_at)
    def clients(self) -> Connection[Client]:
        """Applications of service accounts with a role at this very unit, newest first.

        Of those whose grants the viewer may know.
        """

    @sql(queries.units.viewer_can)
    def viewer_can(self) -> list[Permission]:
        """What the viewer may do here."""
