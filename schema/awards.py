"""Awards."""

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


@strawberry.type
class Award(Node):
    """A commendation of a unit or of a person, by a decision with a number."""

    by_id = staticmethod(queries.awards.by_id)

    form: AwardForm = strawberry.field(description="The form of the commendation.")
    citation: str = strawberry.field(
        description="What the award is given for, as the decision says it."
    )
    decision_number: str = strawberry.field(description="The number of the decision.")
    awarded_on: date = strawberry.field(description="The day of the award.")

    @sql(queries.units.issuer)
    def issued_by(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit that gave the award. Null where the caller may not see it."""

    @sql(queries.units.recipient)
    def recipient_unit(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit that received it.

        Null where a person received it, or where the caller may not see the unit.
        """

    @sql(queries.people.recipient)
    def recipient_person(self) -> Person | None:
        """The person who received it.

        Null where a unit received it, or where the caller may not see the person.
        """

    @sql(queries.campaigns.phase_of_row)
    def phase(self) -> Annotated["Phase", strawberry.lazy("schema.campaigns")] | None:
        """The phase that the award is for. Null where it is for no phase."""
