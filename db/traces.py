"""Where an error came from, for the log, without what it was about.

The text of an error may repeat a value of the request or of a row: a name, a password, a token.
Kinds of errors, places in the code and what PostgreSQL calls the fault do not.
"""

import traceback
from collections.abc import Iterator

_FACTS = ("sqlstate", "schema_name", "table_name", "column_name", "constraint_name")
_LONGEST = 5  # errors that led to one another


def kind(error: BaseException) -> str:
    """Return an error's kind, and what PostgreSQL calls the fault."""
    facts = {name: getattr(error, name, None) for name in _FACTS}
    known = " ".join(f"{name}={value}" for name, value in facts.items() if value)
    return f"{type(error).__module__}.{type(error).__qualname__} {known}".rstrip()


def trace(error: BaseException) -> str:
    """Return an error's kind, facts and stack, and those of the errors that it came from."""
    return "\n".join(_lines(error))


def _lines(error: BaseException | None) -> Iterator[str]:
    for _ in range(_LONGEST):
        if error is None:
            return
        yield kind(error)
        for frame in traceback.extract_tb(error.__traceback__):
            yield f"  {frame.filename}:{frame.lineno} in {frame.name}"
        error = error.__cause__ or error.__context__
