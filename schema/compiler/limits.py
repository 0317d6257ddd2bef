"""Limits on one document and on one operation."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from schema.compiler.errors import LimitError


@dataclass(frozen=True)
class Limits:
    """The limits of one document and one operation.

    The defaults apply to accounts; ANONYMOUS applies to anonymous callers.
    """

    bytes: int = 20_000
    tokens: int = 4_000
    definitions: int = 100  # operations and fragments
    fields: int = 1_500
    unfolded_fields: int = 2_000  # with fragments unfolded
    pairs: int = 4_000  # of fields with the same response name at the same response path
    objects: int = 100  # fields with a selection of their own, fragments unfolded
    depth: int = 16
    root_fields: int = 20
    aliases: int = 100
    spreads: int = 100  # of fragments, inline ones included
    repeats: int = 20  # of one response name in one selection
    directives: int = 50
    arguments: int = 500
    values: int = 500  # literals and variables in arguments
    variables: int = 100
    rows: int = 50_000  # expected rows, or equivalent work
    statement: int = 400_000  # characters of the compiled SQL statement
    templates: int = 1_000  # rendered for it in one try (templates.py)
    operations: int = 50  # of one body, if the server accepts batches

    def check(self, limit: str, asked: int, node: object = None) -> None:
        """Reject a value above the limit of this name. Raises LimitError."""
        allowed: int = getattr(self, limit)
        if asked > allowed:
            raise LimitError(_NAMES.get(limit, limit), allowed, asked, node)  # type: ignore[arg-type]


_NAMES = {
    "bytes": "document size in bytes",
    "unfolded_fields": "fields with fragments unfolded",
    "pairs": "pairs of fields with one response name",
    "root_fields": "root fields",
    "spreads": "fragments used",
    "repeats": "repeats of one response name",
    "rows": "expected rows",
    "statement": "characters of the SQL statement",
    "operations": "operations in one body",
}
# The CPU time of a document mainly depends on its tokens (docs/adr/0016): parsing and validation
# take about 40 µs per token.
ANONYMOUS = Limits(
    tokens=700,
    definitions=30,
    fields=500,
    unfolded_fields=600,
    pairs=500,
    objects=60,
    spreads=40,
    arguments=150,
    values=200,
    variables=30,
    rows=20_000,
    # PostgreSQL allocates up to 1 kB per character while it plans a statement (docs/adr/0017).
    statement=60_000,
    templates=10,
    operations=10,
)


# Finds at least as many tokens as there are, in time linear in the length of the text.
_TOKEN = re.compile(r"\w+|[^\s\w,]")


def check_together(queries: Sequence[str], limits: Limits) -> None:
    """Reject a batch whose documents together exceed the limits of one. Raises LimitError."""
    limits.check("operations", len(queries))
    size = tokens = 0
    for query in queries:
        size += len(query.encode("utf-8", "surrogatepass"))
        limits.check("bytes", size)
        tokens += len(_TOKEN.findall(query))
        limits.check("tokens", tokens)


def check_size(query: str, limits: Limits) -> None:
    """Reject a document that is too large, before it is parsed. Raises LimitError."""
    limits.check("bytes", len(query.encode("utf-8", "surrogatepass")))
