"""Traces of errors for the log, without values.

The text of an error may contain a value of the request or of a row: a name, a password, a token.
Kinds of errors, places in the code and PostgreSQL's names of the fault do not.
"""

import traceback
from collections.abc import Iterator

_FACTS = ("sqlstate", "schema_name", "table_name", "column_name", "constraint_name")
_LONGEST = 5  # errors followed along a chain of causes


def kind(error: BaseException) -> str:
    """Return an error's kind, and PostgreSQL's names of the fault."""
    facts = {name: getattr(error, name, None) for name in _FACTS}
    known = " ".join(f"{name}={value}" for name, value in facts.items() if value)
    return f"{type(error).__module__}.{type(error).__qualname__} {known}".rstrip()


def trace(error: BaseException) -> str:
    """Return kind, facts and stack of an error and of its causes."""
    return "\n".join(_lines(error))


def _lines(error: BaseException | None) -> Iterator[str]:
    for _ in range(_LONGEST):
        if error is None:
            return
        yield kind(error)
        for frame in traceback.extract_tb(error.__traceback__):
            yield f"  {frame.filename}:{frame.lineno} in {frame.name}"
        error = error.__cause__ or error.__context__
