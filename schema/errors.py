"""The expected outcomes of a mutation other than success, as GraphQL types."""

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


@strawberry.interface(name="Error", description="Why a mutation changed nothing.")
class Failure:
    """Why a mutation changed nothing."""

    code: str = strawberry.field(description="Stable; for programs.")
    message: str = strawberry.field(description="By Accept-Language in Vietnamese or English.")


@strawberry.type(description="No such object, or none that the viewer sees.")
class NotFound(Failure):
    """No such object, or none that the viewer sees."""

    what: str = strawberry.field(description="The type of object.")
    key: str = strawberry.field(description="What it was looked for by.")


@strawberry.type(description="What the viewer sees and may not do.")
class Forbidden(Failure):
    """What the viewer sees and may not do."""

    permission: Permission | None = strawberry.field(description="What it takes.")
    unit_code: str | None = strawberry.field(description="The code of the unit where.")


@strawberry.type(description="Somebody else was there first.")
class Conflict(Failure):
    """Somebody else was there first."""

    version: int | None = strawberry.field(description="The version that the object is at.")
    state: InitiativeState | None = strawberry.field(description="The state that it is in.")
    awaits: str | None = strawberry.field(description="The code of the unit that it awaits.")
    field: str | None = strawberry.field(
        description="The field of the input that it is about; list indices as digits, with dots."
    )


@strawberry.type(description="What is wrong with one field of the input.")
class InputProblem:
    """What is wrong with one field of the input."""

    path: list[str] = strawberry.field(description="From the input down; indices as digits.")
    code: str
    message: str
    limit: str | None = strawberry.field(description="The bound that the value breaks.")


@strawberry.type(description="Input that cannot be meant.")
class InvalidInput(Failure):
    """Input that cannot be meant."""

    problems: list[InputProblem]


Refusal = NotFound | Forbidden | Conflict | InvalidInput
"""What every mutation may answer."""

Shape = Callable[[DomainError, Locale], Any]
_REJECTIONS: dict[type[DomainError], type[Any]] = {}


def shows(error: type[DomainError]) -> Callable[[type[Any]], type[Any]]:
    """Declare that a GraphQL type shows a rejection: its fields are the error's facts."""

    def declare(type_: type[Any]) -> type[Any]:
        _REJECTIONS[error] = type_
        return type_

    return declare


def shown(error: DomainError, locale: Locale) -> Any:
    """Return an error as its GraphQL type has it."""
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
    """Return what a command has returned, with refusals in words: their code and message."""
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
