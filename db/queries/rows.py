"""Building blocks of queries: the parent's row, and the pages of a connection."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    FromClause,
    Select,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import NullType, TypeEngine


class Row:
    """A row of the statement being compiled, by its alias; `row.name` is one of its columns.

    The reference is by name only, so that a subquery never pulls its parent into its own FROM.
    """

    def __init__(self, alias: str) -> None:
        """Refer to the row with this alias."""
        self.alias = alias

    def __getattr__(self, name: str) -> ColumnElement[Any]:
        """Return a column of the row."""
        return self.column(name)

    def column(self, name: str, type_: TypeEngine[Any] | None = None) -> ColumnElement[Any]:
        """Return a column of the row, with its type where SQLAlchemy needs it."""
        return literal_column(f'{self.alias}."{name}"', type_ or NullType())


# Placeholder for the conditions of a connection's `filter` in its branches: they are compiled
# separately, so that the query is compiled once for all combinations of conditions.
FILTER: ColumnElement[bool] = literal_column("filter$", Boolean())
Conditions = Mapping[str, Callable[[Any], ColumnElement[bool]]]


@dataclass(frozen=True)
class Rows:
    """The rows that a connection pages through.

    `branches` are disjoint selects of the same columns, each of which an index can return in
    order. `keys` name the columns that order them; together they are unique and never null.
    """

    branches: tuple[Select[Any], ...]
    keys: tuple[str, ...]
    descending: bool = False

    def where(self, *conditions: ColumnElement[bool]) -> "Rows":
        """Return these rows with further conditions in every branch."""
        return Rows(
            tuple(branch.where(*conditions) for branch in self.branches),
            self.keys,
            self.descending,
        )


def everything(table: FromClause) -> Select[Any]:
    """Select all columns of a table; the planner drops those that the operation does not select."""
    return select(*table.c)


def any_of(array: ColumnElement[Any], type_: TypeEngine[Any]) -> ColumnElement[Any]:
    """Return `any (array)`, with the array evaluated once per statement and not per row."""
    return func.any(cast(select(array).scalar_subquery(), ARRAY(type_)))
