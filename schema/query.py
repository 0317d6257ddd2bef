"""The root type of queries."""

from typing import Annotated

import strawberry

from db import queries
from schema.access_tokens import AccessToken
from schema.arguments import CampaignCode, UnitCode
from schema.audit import AuditEvent, AuditFilter
from schema.authorizations import Authorization
from schema.campaigns import Campaign
from schema.compiler.fields import by_global_id, connection, sql
from schema.compiler.relay import Connection
from schema.initiative_filter import InitiativeFilter, InitiativeOrder
from schema.initiatives import Initiative
from schema.node import Node
from schema.people import Account, Grant, Person, PersonFilter
from schema.reviews import QueueEntry
from schema.unit_filter import UnitFilter, UnitOrder
from schema.units import EmulationBloc, Unit
from schema.verification import Verification


@strawberry.type
class Viewer:
    """The caller: who makes the request, and what they may see."""

    @sql(queries.people.caller)
    def account(self) -> Account | None:
        """The caller's account. Null for an anonymous caller."""

    @sql(queries.people.grants)
    def grants(self) -> list[Grant]:
        """The role grants of the caller's account, oldest first. Empty for an anonymous caller."""

    @sql(queries.units.tops)
    def units(self) -> list[Unit]:
        """The top units of the subtrees that the caller may see."""

    @connection(queries.access_tokens.own)
    def access_tokens(self) -> Connection[AccessToken]:
        """The access tokens of the caller's account, newest first.

        Empty where the request itself uses an access token.
        """

    @connection(queries.authorizations.own)
    def authorizations(self) -> Connection[Authorization]:
        """The applications' access to the caller's account, newest first.

        Empty where the application that sends the request is limited.
        """

    @connection(queries.reviews.queue, price=50, counted=100)
    def queue(self) -> Connection[QueueEntry]:
        """The work queue: initiatives that await a decision of the caller, the oldest first.

        The caller's own initiatives are not among them.
        """


@strawberry.type
class Query:
    """All reads.

    An object that the caller may not see reads as null, as one that does not exist.
    """

    @sql(queries.people.viewer)
    def viewer(self) -> Viewer:
        """The caller of this request."""

    @by_global_id
    def node(
        self, id: Annotated[strawberry.ID, strawberry.argument(description="The global id.")]
    ) -> Node | None:
        """The object with this global id.

        Null where there is none or the caller may not see it.
        """

    @by_global_id
    def nodes(
        self,
        ids: Annotated[
            list[strawberry.ID], strawberry.argument(description="The global ids, at most 100.")
        ],
    ) -> list[Node | None]:
        """The objects with these global ids, in the same order.

        Null in place of each that does not exist or that the caller may not see.
        """

    @sql(queries.units.by_code)
    def unit(self, code: UnitCode) -> Unit | None:
        """The unit with this code. Null where there is none or the caller may not see it."""

    @connection(queries.units.every, conditions=queries.units.CONDITIONS, counted=300)
    def units(
        self,
        filter: UnitFilter | None = None,
        order_by: UnitOrder | None = None,
    ) -> Connection[Unit]:
        """All units that the caller may see."""

    @connection(queries.units.blocs)
    def emulation_blocs(self) -> Connection[EmulationBloc]:
        """All emulation blocs, by code."""

    @sql(queries.people.by_code)
    def person(
        self, code: Annotated[str, strawberry.argument(description="The member's code.")]
    ) -> Person | None:
        """The member with this code.

        Null where there is none or the caller may not see the personal data.
        """

    @connection(queries.people.under, counted=300)
    def people(
        self,
        under: Annotated[
            str, strawberry.argument(description="The code of the unit at the top of the subtree.")
        ],
        filter: PersonFilter | None = None,
    ) -> Connection[Person]:
        """The members of a unit's subtree that the caller may see, in the order of entry."""

    @sql(queries.campaigns.by_code)
    def campaign(self, code: CampaignCode) -> Campaign | None:
        """The campaign with this code. Null where there is none."""

    @connection(queries.campaigns.every)
    def campaigns(self) -> Connection[Campaign]:
        """All campaigns, by code."""

    @sql(queries.initiatives.by_number)
    def initiative(
        self, number: Annotated[str, strawberry.argument(description="The initiative's number.")]
    ) -> Initiative | None:
        """The initiative with this number.

        Null where there is none or the caller may not see it.
        """

    @connection(
        queries.initiatives.every, conditions=queries.initiatives.EVERY_CONDITIONS, counted=300
    )
    def initiatives(
        self,
        filter: InitiativeFilter | None = None,
        order_by: InitiativeOrder | None = None,
    ) -> Connection[Initiative]:
        """All initiatives that the caller may see."""

    @connection(queries.audit.every, conditions=queries.audit.CONDITIONS, counted=1_000)
    def audit_events(self, filter: AuditFilter | None = None) -> Connection[AuditEvent]:
        """The audit events that the caller may read, newest first."""

    @sql(queries.verification.totals, price=30_000)
    def verification(self) -> Verification | None:
        """A recount of all totals of the caller's subtrees, compared with the stored ones.

        Null without the permission VERIFY. It reads every initiative: a second request meanwhile
        gets the error BUSY, and one that takes more than ten seconds the error TIMEOUT. An
        administrator then runs `sangkien verify` instead.
        """
