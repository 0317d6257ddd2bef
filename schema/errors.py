"""GraphQL types of the errors that a mutation returns."""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import strawberry

from auth.permissions import Permission
from db.rules.errors import (
    ConflictError,
    DomainError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    Refused,
)
from schema.messages import Locale, message
from schema.scalars import InitiativeState


@strawberry.interface(name="Error")
class Failure:
    """A reason why a mutation changed nothing."""

    code: str = strawberry.field(
        description="The code of the reason, such as `STALE`, for programs. It never changes."
    )
    message: str = strawberry.field(
        description="The reason as a sentence for people, in Vietnamese or English as"
        " Accept-Language prefers."
    )


@strawberry.type
class NotFound(Failure):
    """The object does not exist, or the caller may not see it. The two look the same on purpose."""

    what: str = strawberry.field(description="The type of the missing object, such as `Unit`.")
    key: str = strawberry.field(
        description="The code, number or id in the input that matched nothing."
    )


@strawberry.type
class Forbidden(Failure):
    """The caller sees the object and may not do this."""

    permission: Permission | None = strawberry.field(
        description="The permission that the caller needs. Null where no permission would help."
    )
    unit_code: str | None = strawberry.field(
        description="The code of the unit at which the permission is needed. Null where it is"
        " needed at no unit in particular."
    )


@strawberry.type
class Conflict(Failure):
    """The object was changed by another request, or the value is in use.

    Read it again, then retry.
    """

    version: int | None = strawberry.field(
        description="The object's present `version`. Null where the conflict is not about a"
        " version."
    )
    state: InitiativeState | None = strawberry.field(
        description="The initiative's present state. Null where the conflict is not about a state."
    )
    awaits: str | None = strawberry.field(
        description="The code of the unit whose decision the initiative awaits now. Null where"
        " it awaits none, or where the conflict is not about that."
    )
    field: str | None = strawberry.field(
        description="The input field that caused the conflict, as a path with dots and list"
        " indices, such as `targets.0.version`. Null where no field did."
    )


@strawberry.type
class InputProblem:
    """One problem of one field of an input."""

    path: list[str] = strawberry.field(
        description="The path of the field inside the input; list indices are strings of digits."
    )
    code: str = strawberry.field(
        description="The code of the problem, such as `TOO_LONG`, for programs. It never changes."
    )
    message: str = strawberry.field(
        description="The problem as a sentence for people, in Vietnamese or English as"
        " Accept-Language prefers."
    )
    limit: str | None = strawberry.field(
        description="The bound that the value breaks, as text. Null where there is no bound."
    )


@strawberry.type
class InvalidInput(Failure):
    """The input failed validation. `problems` lists every field to correct."""

    problems: list[InputProblem] = strawberry.field(
        description="Every problem that was found, at least one."
    )


Refusal = NotFound | Forbidden | Conflict | InvalidInput
"""Errors that every mutation may return."""

Shape = Callable[[DomainError, Locale], Any]
_REJECTIONS: dict[type[DomainError], type[Any]] = {}


def shows(error: type[DomainError]) -> Callable[[type[Any]], type[Any]]:
    """Register a GraphQL type for a domain error; its fields are the error's facts."""

    def declare(type_: type[Any]) -> type[Any]:
        _REJECTIONS[error] = type_
        return type_

    return declare


def shown(error: DomainError, locale: Locale) -> Any:
    """Return the GraphQL object of a domain error, with its message in a language."""
    facts = dict(error.facts)
    if isinstance(error, InvalidInputError):
        problems = [
            InputProblem(
                path=list(problem.path),
                code=problem.code,
                message=message(problem.code, locale, {"limit": problem.limit}),
                limit=problem.limit,
            )
            for problem in error.facts["problems"]
        ]
        facts = {"problems": problems}
    type_ = _type(error)
    known = {field.python_name for field in type_.__strawberry_definition__.fields}
    values = dict.fromkeys(known) | {name: facts[name] for name in known & facts.keys()}
    return type_(
        **values | {"code": error.code, "message": message(error.code, locale, error.facts)}
    )


def worded(outcome: Any, locale: Locale) -> Any:
    """Return a command's outcome with messages added to its refused parts."""
    refusals = {
        field.name: [why and _in_words(why, locale) for why in getattr(outcome, field.name)]
        for field in fields(outcome)
        if field.type == list[Refused | None]
    }
    return replace(outcome, **refusals) if refusals else outcome


def _in_words(why: Refused, locale: Locale) -> dict[str, str]:
    return {"code": why["code"], "message": message(why["code"], locale, why["facts"])}


def _type(error: DomainError) -> Any:
    fixed: dict[type[DomainError], type[Any]] = {
        NotFoundError: NotFound,
        ForbiddenError: Forbidden,
        ConflictError: Conflict,
        InvalidInputError: InvalidInput,
    }
    return fixed.get(type(error)) or _REJECTIONS[type(error)]
