"""Validation of inputs beyond their GraphQL types, declared on their fields.

The functions below declare fields: the description, to which the limits are added, and the
validation. `problems` validates an input and returns everything that is wrong. Omitted fields are
valid.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import strawberry
from strawberry import UNSET

from db.rules.errors import Problem
from schema.compiler.nodes import key_of

_CHECK = "check"
_CLEARS = "clears"
_SAID = "said"
_MEANS = "means"
_LARGEST = 9_007_199_254_740_991  # 2^53 - 1, the largest whole number that every client reads
_CODE = re.compile(r"[0-9A-Z][0-9A-Z._-]*")
MISSING: Any = object()

Check = Callable[[Any], "tuple[str, Any] | None"]


def line(longest: int = 200, *, default: Any = MISSING, description: str | None = None) -> Any:
    """Declare one line of text, not blank."""
    bounds = f"1 to {longest} characters on one line."
    return _field(
        lambda value: _text(value, longest, breaks=""), default, _joined(description, bounds)
    )


def prose(longest: int = 20_000, *, default: Any = MISSING, description: str | None = None) -> Any:
    """Declare text of several lines, not blank."""
    bounds = f"1 to {longest} characters; line breaks are allowed."
    return _field(
        lambda value: _text(value, longest, breaks="\n\t\r"), default, _joined(description, bounds)
    )


def code(longest: int = 40, *, default: Any = MISSING, description: str | None = None) -> Any:
    """Declare the code of a new object."""
    bounds = f"1 to {longest} of the characters A-Z, 0-9, `.`, `_` and `-`."
    return _field(
        lambda value: (
            _text(value, longest, breaks="")
            or (None if _CODE.fullmatch(value) else ("NOT_A_CODE", None))
        ),
        default,
        _joined(description, bounds),
    )


def whole(
    least: int = 0,
    most: int = _LARGEST,
    *,
    default: Any = MISSING,
    description: str | None = None,
) -> Any:
    """Declare a number within bounds."""
    bounds = f"At least {least}." if most == _LARGEST else f"From {least} to {most}."
    return _field(lambda value: _within(value, least, most), default, _joined(description, bounds))


def several(
    each: Check | None = None,
    *,
    least: int = 0,
    most: int = 100,
    once: Callable[[Any], Any] | None = None,
    default: Any = MISSING,
    description: str | None = None,
) -> Any:
    """Declare a list; `each` checks an item, `once` returns what no two items may share."""
    bounds = f"{least} to {most} items." if least else f"At most {most} items."

    def check(items: Sequence[Any]) -> Any:
        if len(items) > most:
            return "TOO_MANY", most
        if len(items) < least:
            return "TOO_FEW", least
        for index, item in enumerate(items):
            found = each(item) if each else None
            if found:
                return (*found, str(index))
        keys = [once(item) for item in items] if once else []
        for index, key in enumerate(keys):
            if key in keys[:index]:
                return "REPEATED", None, str(index)
        return None

    return _field(check, default, _joined(description, bounds))


def text_of(longest: int) -> Check:
    """Return the check of one line of text, for the items of a list."""
    return lambda value: _text(value, longest, breaks="")


def number_of(least: int = 0, most: int = _LARGEST) -> Check:
    """Return the check of a whole number, for the items of a list."""
    return lambda value: _within(value, least, most)


def key() -> Any:
    """Declare the idempotency key that every input has."""
    return line(
        default=None,
        description="A key that the client chooses to make a retry safe: a second request with the"
        " same key and input returns the first result and changes nothing. The same key with"
        " another input returns Conflict.",
    )


def read_version(noun: str) -> Any:
    """Declare the version of an object that the client read, for optimistic concurrency."""
    return strawberry.field(
        default=UNSET,
        description=f"The `version` of the {noun} that the client read. Where another request has"
        " changed it since, the mutation returns Conflict. Omitted: no check.",
    )


def node_id(type_name: str, *, description: str | None = None) -> Any:
    """Declare a global id of this type; the command receives the key that the id contains."""
    field = _field(
        lambda value: None if key_of(value, type_name) is not None else ("UNKNOWN_ID", None),
        MISSING,
        description,
    )
    field.metadata = {**field.metadata, _MEANS: lambda value: key_of(value, type_name)}
    return field


def clearable(field: Any) -> Any:
    """Let null clear a field's value; without this, null is the same as omitted."""
    field.metadata = {**field.metadata, _CLEARS: True}
    return field


def nullable(field: Any) -> Any:
    """Let null mean no value, and require the field: omitted, it fails validation."""
    field.metadata = {**field.metadata, _CLEARS: True, _SAID: True}
    return field


def arguments(input_: Any) -> dict[str, Any]:
    """Return the fields of an input that were sent, by Python name.

    A nested input becomes an instance of the class that it `stands_for`, or stays as it is.
    """
    return {
        field.python_name: field.metadata.get(_MEANS, _meant)(value)
        for field in input_.__strawberry_definition__.fields
        if (value := getattr(input_, field.python_name)) is not UNSET
        and (value is not None or _CLEARS in field.metadata)
    }


def problems(value: Any, path: tuple[str, ...] = ()) -> Iterator[Problem]:
    """Yield every problem of an input and of the inputs nested in it."""
    for field in value.__strawberry_definition__.fields:
        item = getattr(value, field.python_name)
        name = _camel(field.python_name)
        if item is UNSET and _SAID in field.metadata:
            yield Problem((*path, name), "UNSAID")
        if item is None or item is UNSET:
            continue
        check = field.metadata.get(_CHECK)
        found = check(item) if check else None
        if found:
            code_, limit, *deeper = found
            yield Problem((*path, name, *deeper), code_, None if limit is None else str(limit))
        for index, part in enumerate(item if isinstance(item, list) else [item]):
            if hasattr(part, "__strawberry_definition__") and not isinstance(part, str):
                deeper_path = (*path, name, str(index)) if isinstance(item, list) else (*path, name)
                yield from problems(part, deeper_path)


def _field(check: Check, default: Any, description: str | None) -> Any:
    options = {} if default is MISSING else {"default": UNSET if default is None else default}
    return strawberry.field(metadata={_CHECK: check}, description=description, **options)


def _joined(description: str | None, bounds: str) -> str | None:
    return description and f"{description} {bounds}"


def _text(value: str, longest: int, *, breaks: str) -> tuple[str, Any] | None:
    if not value.strip():
        return "BLANK", None
    if len(value) > longest:
        return "TOO_LONG", longest
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in breaks for c in value):
        return "CONTROL_CHARACTER", None
    return None


def _within(value: int, least: int, most: int) -> tuple[str, Any] | None:
    if value < least:
        return "TOO_SMALL", least
    if value > most:
        return "TOO_LARGE", most
    return None


def _meant(value: Any) -> Any:
    if isinstance(value, list):
        return [_meant(item) for item in value]
    made = getattr(value, "stands_for", None)
    return made(**arguments(value)) if made else value


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
