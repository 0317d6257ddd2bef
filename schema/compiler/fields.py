"""Declaration of the SQL of a GraphQL field.

A field without a declaration reads the column of its own name, or the column in `metadata={COLUMN:
…}`. `@sql(query)` declares another source: a function of db/queries. Its arguments are the parent's
row and the field's arguments; it returns an expression (for a scalar or a list of scalars), a
select (for an object or a list of objects), or `Rows` (for a connection). The decorated method's
docstring is the field's description; its body never runs.
"""

from collections.abc import Callable
from typing import Any

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.extensions import FieldExtension
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from db.queries.rows import Conditions

SQL = "sql"
COLUMN = "column"
LONGEST = "longest"
CONDITIONS = "conditions"
PRICE = "price"
COUNTED = "counted"
SEARCHED = "searched"
SEARCH = 5_000  # the price of a text search: the rows that it may read
SMALL = 20  # rows of a connection that counts few: the awards of a unit, the tokens of an account
Query = Callable[..., Any]


class _PageArguments(FieldExtension):
    """Adds the arguments of a Relay connection to a field."""

    def apply(self, field: StrawberryField) -> None:
        """Add `first`, `after`, `last` and `before`."""
        field.arguments = [
            StrawberryArgument(
                python_name=name,
                graphql_name=None,
                type_annotation=StrawberryAnnotation(type_),
                default=None,
                description=description,
            )
            for name, type_, description in (
                ("first", int | None, "How many elements from the start, 0 to 100; 20 if omitted."),
                ("after", str | None, "A cursor: the page begins after its element."),
                ("last", int | None, "How many elements from the end, 0 to 100. Not with `first`."),
                ("before", str | None, "A cursor: the page ends before its element."),
            )
        ] + field.arguments


def sql(
    query: Query, *, longest: int | None = None, price: int = 0
) -> Callable[[Callable[..., Any]], Any]:
    """Declare that a query of db/queries returns the value of a field.

    `longest` is the maximum length of a list that may be longer than SHORT_LIST. `price` is the
    work per parent in addition to the returned rows, in rows of the same cost: what the query reads
    to count, rank or compare.
    """
    metadata: dict[str, Any] = {SQL: query, PRICE: price}
    if longest is not None:
        metadata[LONGEST] = longest

    def declare(method: Callable[..., Any]) -> Any:
        return strawberry.field(
            resolver=method, description=_description(method), metadata=metadata
        )

    return declare


def connection(
    query: Query, *, conditions: Conditions | None = None, price: int = 0, counted: int = SMALL
) -> Callable[[Callable[..., Any]], Any]:
    """Declare that a field is a connection over a query of db/queries.

    `conditions` implement fields of the argument `filter`, by name; the query gets the rest.
    `price` is as for `sql`. `counted` is the work in rows of `totalCount`, and of a page with a
    filter or a custom order.
    """

    def declare(method: Callable[..., Any]) -> Any:
        return strawberry.field(
            resolver=method,
            description=_description(method),
            metadata={SQL: query, CONDITIONS: conditions or {}, PRICE: price, COUNTED: counted},
            extensions=[_PageArguments()],
        )

    return declare


def searched(description: str) -> Any:
    """Declare a filter field that searches text."""
    return strawberry.field(
        default=None,
        description=f"{description} At least 3 letters or digits, at most 200 characters.",
        metadata={PRICE: SEARCH, SEARCHED: True},
    )


def by_global_id(method: Callable[..., Any]) -> Any:
    """Declare that a field returns objects by their global ids (schema/compiler/nodes.py)."""
    return strawberry.field(resolver=method, description=_description(method))


def _description(method: Callable[..., Any]) -> str | None:
    return " ".join(method.__doc__.split()) if method.__doc__ else None
