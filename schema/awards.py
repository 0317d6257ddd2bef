"""Commendations."""

from datetime import date
from typing import TYPE_CHECKING, Annotated

import strawberry

from db import queries
from schema.compiler.fields import sql
from schema.node import Node
from schema.people import Person
from schema.scalars import AwardForm

if TYPE_CHECKING:
    from schema.campaigns import Phase
    from schema.units import Unit


@strawberry.type(description="A commendation of a unit or a person.")
class Award(Node):
    """A commendation of a unit or a person."""

    by_id = staticmethod(queries.awards.by_id)

    form: AwardForm
    citation: str
    decision_number: str
    awarded_on: date

    @sql(queries.units.issuer)
    def issued_by(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit that gave it."""

    @sql(queries.units.recipient)
    def recipient_unit(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit that received it."""

    @sql(queries.people.recipient)
    def recipient_person(self) -> Person | None:
        """The person who received it, where the viewer may know."""

    @sql(queries.campaigns.phase_of_row)
    def phase(self) -> Annotated["Phase", strawberry.lazy("schema.campaigns")] | None:
        """The phase it was given for."""
