"""The root of all reads: a table of contents."""

import strawberry

from db import queries
from schema.access_tokens import AccessToken
from schema.audit import AuditEvent, AuditFilter
from schema.authorizations import Authorization
from schema.campaigns import Campaign
from schema.compiler.fields import by_global_id, connection, sql
from schema.compiler.relay import Connection
from schema.initiatives import Initiative, InitiativeFilter, InitiativeOrder
from schema.node import Node
from schema.people import Account, Grant, Person, PersonFilter
from schema.reviews import QueueEntry
from schema.units import EmulationBloc, Unit, UnitFilter, UnitOrder
from schema.verification import Verification


@strawberry.type(description="Whoever is asking.")
class Viewer:
    """Whoever is asking."""

    @sql(queries.people.caller)
    def account(self) -> Account | None:
        """The account; null when not signed in."""

    @sql(queries.people.grants)
    def grants(self) -> list[Grant]:
        """The account's grants, oldest first."""

    @sql(queries.units.tops)
    def units(self) -> list[Unit]:
        """The top units of what the viewer may see."""

    @connection(queries.access_tokens.own)
    def access_tokens(self) -> Connection[AccessToken]:
        """The account's access tokens, newest first; none of them is told to one of them."""

    @connection(queries.authorizations.own)
    def authorizations(self) -> Connection[Authorization]:
        """What applications hold for the account, newest first; none is told to a limited one."""

    @connection(queries.reviews.queue, price=50, counted=100)
    def queue(self) -> Connection[QueueEntry]:
        """What awaits a decision of the viewer's, the oldest first, without the viewer's own."""


@strawberry.type
class Query:
    """All reads."""

    @sql(queries.people.viewer)
    def viewer(self) -> Viewer:
        """Whoever is asking."""

    @by_global_id
    def node(self, id: strawberry.ID) -> Node | None:
        """The object with this id; null where the viewer sees none."""

    @by_global_id
    def nodes(self, ids: list[strawberry.ID]) -> list[Node | None]:
        """The objects with these ids, in their order; at most 100."""

    @sql(queries.units.by_code)
    def unit(self, code: str) -> Unit | None:
        """The unit with this code."""

    @connection(queries.units.every, conditions=queries.units.CONDITIONS, counted=300)
    def units(
        self,
        filter: UnitFilter | None = None,
        order_by: UnitOrder | None = None,
    ) -> Connection[Unit]:
        """All units that the viewer sees."""

    @connection(queries.units.blocs)
    def emulation_blocs(self) -> Connection[EmulationBloc]:
        """All emulation blocs, by code."""

    @sql(queries.people.by_code)
    def person(self, code: str) -> Person | None:
        """The member with this code, where the viewer may know their personal data."""

    @connection(queries.people.under, counted=300)
    def people(self, under: str, filter: PersonFilter | None = None) -> Connection[Person]:
        """Members of the unit with the code `under` and everything below it, as they were added."""

    @sql(queries.campaigns.by_code)
    def campaign(self, code: str) -> Campaign | None:
        """The campaign with this code."""

    @connection(queries.campaigns.every)
    def campaigns(self) -> Connection[Campaign]:
        """All campaigns, by code."""

    @sql(queries.initiatives.by_number)
    def initiative(self, number: str) -> Initiative | None:
        """The initiative with this number."""

    @connection(
        queries.initiatives.every, conditions=queries.initiatives.EVERY_CONDITIONS, counted=300
    )
    def initiatives(
        self,
        filter: InitiativeFilter | None = None,
        order_by: InitiativeOrder | None = None,
    ) -> Connection[Initiative]:
        """All initiatives that the viewer sees."""

    @connection(queries.audit.every, conditions=queries.audit.CONDITIONS, counted=1_000)
    def audit_events(self, filter: AuditFilter | None = None) -> Connection[AuditEvent]:
        """The audit log as far as the viewer may read it, newest first."""

    @sql(queries.verification.totals, price=30_000)
    def verification(self) -> Verification | None:
        """Stored totals of the viewer's subtrees compared with a recount; null without VERIFY.

        It reads every initiative, so one runs at a time (error BUSY) and at most ten seconds (error
        TIMEOUT); where that is too short, the administrator runs `sangkien verify`.
        """
