"""Builds the schema from its root types."""

from datetime import date, datetime

import strawberry
from strawberry.schema.config import StrawberryConfig

from schema.awards import Award
from schema.descriptions import describe
from schema.mutation import Mutation
from schema.people import Person
from schema.query import Query
from schema.scalars import DATE_SCALAR, DATETIME_SCALAR, VND, VND_SCALAR
from schema.subscription import Subscription

SCHEMA = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=[Person, Award],
    config=StrawberryConfig(
        scalar_map={VND: VND_SCALAR, date: DATE_SCALAR, datetime: DATETIME_SCALAR}
    ),
)
describe(SCHEMA._schema)  # noqa: SLF001 - as in schema/run.py


def sdl() -> str:
    """Return the schema in GraphQL's schema definition language."""
    return SCHEMA.as_str() + "\n"
