"""Text templates of the named queries: SQLAlchemy renders them once, requests fill them in.

Building and rendering a query takes milliseconds, filling a template microseconds. A mark in the
text stands for each part that differs between two uses of a query with arguments of the same shape:
the alias of the parent's row, the parameters, the size of a page.
"""

import functools
import re
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from typing import Any

from graphql import GraphQLObjectType
from sqlalchemy import BindParameter, ColumnElement, bindparam, literal_column
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.types import TypeEngine

from db.cache import Cache
from db.queries.rows import FILTER, Row
from db.unavailable import BusyError

Recipe = Callable[[Any], Any]

_PARAMETER = "request_"  # prefix of parameters with values from a request
_ROW, _SIZE, _MORE, _FILTER = "row$", "size$", "more$", str(FILTER)
ROW = Row(_ROW)  # the mark of the parent's row
_MARKS = re.compile(r"((?:row\$(?=\.))|size\$|more\$|filter\$|\$\d+)")
SIZE: ColumnElement[int] = literal_column(_SIZE)
ONE_MORE: ColumnElement[int] = literal_column(_MORE)
_TEXT_OF_ALL = 8_000_000  # characters


class _StatementCompiler(asyncpg.PGCompiler_asyncpg):
    """Writes constants into the statement, so that PostgreSQL's planner sees them.

    Values from a request are parameters (`Parameter`) and stay parameters.
    """

    def visit_bindparam(self, bindparam: BindParameter[Any], **options: Any) -> str:  # type: ignore[override]
        """Render a parameter, or the value of a constant."""
        if not bindparam.key.startswith(_PARAMETER):
            options["literal_binds"] = True
        rendered: str = super().visit_bindparam(bindparam, **options)  # type: ignore[no-untyped-call]
        return rendered


_DIALECT = asyncpg.dialect()  # type: ignore[no-untyped-call]
_DIALECT.statement_compiler = _StatementCompiler


class Parameter:
    """A parameter of the statement: its type, and a function from variables to its value."""

    __slots__ = ("recipe", "type_")

    def __init__(self, recipe: Recipe, type_: TypeEngine[Any]) -> None:
        """Create the parameter; types are compared by identity."""
        self.recipe = recipe
        self.type_ = type_


class Parameters:
    """The parameters of one statement, numbered in the order of their first use."""

    def __init__(self) -> None:
        self._numbers: dict[Parameter, int] = {}

    def number(self, parameter: Parameter) -> str:
        """Return the placeholder of a parameter."""
        return f"${self._numbers.setdefault(parameter, len(self._numbers) + 1)}"

    def recipes(self) -> tuple[Recipe, ...]:
        """Return the recipes of all used parameters, in order."""
        return tuple(parameter.recipe for parameter in self._numbers)


class Template:
    """The text of a clause, cut at its marks."""

    def __init__(self, *pieces: Any) -> None:
        """Create the template from clauses of SQLAlchemy and texts between them."""
        self._parts = [""]
        self._places: list[int | None] = []
        for piece in pieces:
            parts, places = ([piece], []) if isinstance(piece, str) else _cut(piece)
            self._parts[-1] += parts[0]
            self._parts += parts[1:]
            self._places += places
        self.weight = sum(map(len, self._parts))

    def fill(
        self,
        parameters: Parameters,
        given: Sequence[Parameter],
        row: str,
        *,
        size: int = 0,
        filter_: Callable[[], str] = lambda: "true",
    ) -> str:
        """Return the text for a parent's row and the parameters of the arguments, in order."""
        marks = {_ROW: row, _SIZE: str(size), _MORE: str(size + 1)}
        if _FILTER in self._parts:
            marks[_FILTER] = filter_()  # only here, because other texts do not use its parameters
        parts = self._parts.copy()
        for number, place in enumerate(self._places):
            at = 2 * number + 1
            parts[at] = marks[parts[at]] if place is None else parameters.number(given[place])
        return "".join(parts)


class Filled:
    """A query with arguments: the cache key of its template, and the parameters."""

    def __init__(self, query: Callable[..., Any], arguments: Mapping[str, Any]) -> None:
        """Split the arguments into parameters and values that shape the text."""
        self._query = query
        self._arguments = arguments
        self.parameters: list[Parameter] = []
        self.shape: Hashable = (query, _shape(arguments, self.parameters))

    @functools.cached_property
    def clause(self) -> Any:
        """The clause of the query for a marked row and marked parameters."""
        return self._query(ROW, **_marked(self._arguments, count()))


_TEMPLATES: Cache[Template] = Cache(
    20_000, name="templates", weigh=lambda _, template: template.weight, most=_TEXT_OF_ALL
)


_left: ContextVar[list[int] | None] = ContextVar("left", default=None)


@contextmanager
def making(most: int) -> Iterator[None]:
    """Limit the templates that the block may render. Raises BusyError above the limit.

    Rendered templates are cached, so the next try gets further.
    """
    token = _left.set([most])
    try:
        yield
    finally:
        _left.reset(token)


def template(key: Hashable, pieces: Callable[[], Sequence[Any]]) -> Template:
    """Return the cached template of a key, or render it from pieces."""

    def make() -> Template:
        left = _left.get()
        if left is not None:
            if not left[0]:
                raise BusyError("the operation needs more templates than it may have made at once")
            left[0] -= 1
        return Template(*pieces())

    return _TEMPLATES.remember(key, make)


def typed(type_: TypeEngine[Any]) -> Template:
    """Return the template of a single parameter of this type."""
    return template(type_, lambda: [marked(0, type_)])


def marked(number: int, type_: TypeEngine[Any]) -> BindParameter[Any]:
    """Return the mark of a parameter."""
    return bindparam(f"{_PARAMETER}{number}", type_=type_)


def lateral(columns: Mapping[str, str], alias: str) -> str:
    """Return a lateral select of columns by name."""
    selected = ", ".join(f'{text} AS "{name}"' for name, text in columns.items())
    return f"LATERAL (SELECT {selected}) AS {alias}"


def typename(type_: GraphQLObjectType) -> str:
    """Return the name of a type as a column."""
    return f"CAST('{type_.name}' AS TEXT)"


def _cut(clause: Any) -> tuple[list[str], list[int | None]]:
    """Return a clause's text cut at its marks, and the index of each mark's parameter, if any."""
    compiled = clause.compile(dialect=_DIALECT)
    names: Sequence[str] = compiled.positiontup or ()
    parts = _MARKS.split(str(compiled))
    places = [
        int(names[int(mark[1:]) - 1].removeprefix(_PARAMETER)) if mark[0] == "$" else None
        for mark in parts[1::2]
    ]
    return parts, places


def _shape(value: Any, found: list[Parameter]) -> Hashable:
    if isinstance(value, Parameter):
        found.append(value)
        return value.type_
    if isinstance(value, Mapping):
        return tuple((name, _shape(part, found)) for name, part in value.items())
    return value  # type: ignore[no-any-return]


def _marked(value: Any, numbers: Iterator[int]) -> Any:
    if isinstance(value, Parameter):
        return marked(next(numbers), value.type_)
    if isinstance(value, Mapping):
        return {name: _marked(part, numbers) for name, part in value.items()}
    return value
