"""Runs a mutation: a command and its payload for each root field, one after another."""

import asyncio
import functools
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from enum import Enum
from typing import Any

import orjson
from graphql import FieldNode, GraphQLObjectType, get_argument_values, get_named_type
from strawberry.types.arguments import convert_argument

from auth.principal import Principal
from db.commands.requests import once, told_once
from db.outages import cause
from db.rules.errors import DomainError, ForbiddenError, InvalidInputError
from db.sessions import Caller, GrantsChangedError, TooSlowError
from db.transactions import SECONDS, Attempt, Command, Fresh, Writer, Written
from db.unavailable import LockedError, NotReadBackError, UnavailableError
from db.write_session import WriteSession
from schema.build import SCHEMA
from schema.compiler.commands import COMMAND, KEY, PREVIEW, Guarded
from schema.compiler.outcomes import filled
from schema.compiler.plan import Compiler, Operation, Plan
from schema.errors import Failure, shown, worded
from schema.inputs import arguments, problems
from schema.messages import Locale
from schema.refusals import Refusals, RequestRefusals, notable
from schema.veils import veiled

_TRIES = 3  # tries of a command whose caller's grants change while it runs
_PAUSE = 0.1  # seconds before the caller's grants are looked up again
_CHANGING = "the role grants of the account keep changing"
_LONGEST_REASON = 2_000  # characters


@dataclass(frozen=True)
class Asker:
    """The request context of a mutation: functions for the principal, the address, the language.

    `confirm` raises GrantsChangedError if the account no longer has the principal's grants.
    """

    principal: Callable[[], Awaitable[Principal]]
    confirm: Callable[[Principal], Awaitable[None]]
    grants_changed: Callable[[], None]
    address: str | None
    locale: Locale


@dataclass(frozen=True)
class _Step:
    """One root field: its command, its input, and the plan that reads its payload."""

    nodes: list[FieldNode]
    guarded: Guarded
    given: Any
    input_: Any
    errors: Mapping[str, GraphQLObjectType]
    plan: Plan
    values: list[Any]

    @property
    def action(self) -> str:
        """The name of the mutation."""
        return self.nodes[0].name.value


class _Payload:
    """Reads the payload of one field after its command has run, with secrets redacted."""

    def __init__(self, step: _Step, locale: Locale) -> None:
        self._step, self._locale = step, locale
        self.lifted: Callable[[bytes], orjson.Fragment] = orjson.Fragment

    def __call__(self, outcome: Any) -> tuple[str, list[Any]]:
        """Return the statement that reads the payload of an outcome, and its parameters."""
        veiled_ = veiled(worded(outcome, self._locale))
        self.lifted = lambda answer: orjson.Fragment(veiled_.lifted(answer))
        return self._step.plan.sql, filled(self._step.values, veiled_.outcome)


class Mutations:
    """Runs the mutations of the schema."""

    def __init__(self, compiler: Compiler, writer: Writer) -> None:
        """Create the runner; `compiler` compiles payloads, `writer` runs commands."""
        self._compiler = compiler
        self._writer = writer
        self._refusals = Refusals(writer)

    async def close(self) -> None:
        """Write the pending sums of refused attempts."""
        await self._refusals.close()

    async def run(self, operation: Operation, variables: Any, asker: Asker) -> bytes:
        """Return the data of a mutation as JSON.

        Raises RefusedError before any command runs, and TooSlowError.
        """
        asked = self._compiler.mutation(operation, variables)
        steps = self._steps(asked, operation, variables)
        answer: dict[str, Any] = dict.fromkeys(asked, "Mutation")
        # All fields together have the time limit of the slowest command.
        refusals = self._refusals.of_request()
        seconds = max((step.guarded.seconds for step in steps.values()), default=SECONDS)
        try:
            async with asyncio.timeout(seconds):
                for name, step in steps.items():
                    answer[name] = await self._answer(step, operation, variables, asker, refusals)
        except TimeoutError:
            raise TooSlowError from None
        return orjson.dumps(answer)

    async def refuse(self, operation: Operation, variables: Any, asker: Asker, code: str) -> None:
        """Record an audit event for each field of a mutation whose credentials were rejected."""
        principal = await asker.principal()
        asked = self._compiler.mutation(operation, variables)
        refusals = self._refusals.of_request()
        for step in self._steps(asked, operation, variables).values():
            attempt = Attempt(step.action, asker.address)
            refused = ForbiddenError(code=code)
            await refusals.note(
                *(principal, attempt, refused, step.input_), confirm=asker.confirm, outdated=True
            )

    def _steps(
        self, asked: Mapping[str, list[FieldNode]], operation: Operation, variables: Any
    ) -> dict[str, _Step]:
        return {
            name: self._step(operation, variables, nodes)
            for name, nodes in asked.items()
            if nodes[0].name.value != "__typename"
        }

    def _step(self, operation: Operation, variables: Any, nodes: list[FieldNode]) -> _Step:
        field = SCHEMA._schema.mutation_type.fields[nodes[0].name.value]  # type: ignore[union-attr] # noqa: SLF001 - as in api/app.py
        declared = field.extensions["strawberry-definition"]
        guarded: Guarded = declared.metadata[COMMAND]
        given = get_argument_values(field, nodes[0], variables)["input"]
        payload, errors = _members(get_named_type(field.type))
        plan = self._compiler.payload(operation, variables, nodes, payload, guarded.outcome)
        input_ = _input(declared, given)
        return _Step(nodes, guarded, given, input_, errors, plan, plan.values(variables))

    async def _answer(
        self,
        step: _Step,
        operation: Operation,
        variables: Any,
        asker: Asker,
        refusals: RequestRefusals,
    ) -> Any:
        payload = _Payload(step, asker.locale)
        try:
            written = await self._carry_out(step, asker, payload, refusals)
        except DomainError as error:
            answer = shown(error, asker.locale)
            type_ = step.errors[type(answer).__name__]
            return self._compiler.refused(operation, variables, step.nodes, type_, answer)
        if written.payload is None:
            asker.grants_changed()
            return payload.lifted(await self._read_back(asker, payload, written.outcome))
        return payload.lifted(written.payload)

    async def _read_back(self, asker: Asker, payload: "_Payload", outcome: Any) -> bytes:
        """Read the payload of a mutation that has changed its own caller's permissions."""
        try:
            for _ in range(_TRIES):
                principal = await asker.principal()
                try:
                    return await self._writer.read(principal.caller, *payload(outcome))
                except GrantsChangedError:
                    asker.grants_changed()
                    await asyncio.sleep(_PAUSE)
        except (UnavailableError, TooSlowError) as error:
            raise NotReadBackError(cause(error)) from error
        raise NotReadBackError(_CHANGING)

    async def _carry_out(
        self, step: _Step, asker: Asker, payload: "_Payload", refusals: RequestRefusals
    ) -> Written[Any]:
        action, guarded, input_, given = step.action, step.guarded, step.input_, step.given
        reason = notable(getattr(input_, "reason", None) or None, _LONGEST_REASON)
        attempt = Attempt(action, asker.address, reason)
        for left in reversed(range(_TRIES)):
            principal = await asker.principal()
            within = replace(attempt, refusals=refusals.of_command(principal.caller))
            try:
                _guard(principal, guarded, input_)
                command = self._once(attempt.action, guarded, input_, given)
                return await self._writer.run_and_read(
                    *(principal.caller, within, command, payload),
                    seconds=guarded.seconds,
                    fresh=None if left else self._fresh(asker, guarded, input_),
                )
            except DomainError as error:
                try:
                    await refusals.note(
                        *(principal, attempt, error, input_),
                        confirm=asker.confirm,
                        outdated=not left,
                    )
                except GrantsChangedError:
                    # The error is due to grants that the caller no longer has: try again with the
                    # current ones.
                    asker.grants_changed()
                    continue
                raise
            except GrantsChangedError:
                asker.grants_changed()
                if not left:
                    raise LockedError(_CHANGING) from None
        raise AssertionError  # pragma: no cover - the last try returns or raises

    def _fresh(self, asker: Asker, guarded: Guarded, input_: Any) -> Fresh:
        """Return a function that looks the caller up again, once units can no longer move."""

        async def fresh() -> Caller:
            asker.grants_changed()
            principal = await asker.principal()
            _guard(principal, guarded, input_)
            return principal.caller

        return fresh

    def _once(self, action: str, guarded: Guarded, input_: Any, given: Any) -> Command[Any]:
        """Return the command of a field, which runs once for an idempotency key."""
        given_fields = arguments(input_)
        key = given_fields.pop(KEY, None)

        async def command(session: WriteSession) -> Any:
            if key is None or given_fields.get(PREVIEW):
                return await guarded.command(session, **given_fields)

            async def run() -> dict[str, Any]:
                return asdict(await guarded.command(session, **given_fields))

            digest = _digest(action, given)
            return guarded.outcome(
                **await once(session, key, digest, run, told_once(guarded.outcome))
            )

        return command


def _guard(principal: Principal, guarded: Guarded, input_: Any) -> None:
    principal.require(*guarded.permissions)
    found = list(problems(input_))
    if found:
        raise InvalidInputError(*found)


def _input(declared: Any, given: Any) -> Any:
    argument = declared.arguments[0]
    registry = SCHEMA.schema_converter.scalar_registry
    return convert_argument(given, argument.type, registry, SCHEMA.config)


@functools.cache
def _members(union: Any) -> tuple[GraphQLObjectType, dict[str, GraphQLObjectType]]:
    """Split the members of a result union into the payload and the errors by name."""
    errors, payloads = {}, []
    for type_ in union.types:
        origin = type_.extensions["strawberry-definition"].origin
        if issubclass(origin, Failure):
            errors[type_.name] = type_
        else:
            payloads.append(type_)
    (payload,) = payloads
    return payload, errors


def _digest(action: str, given: Any) -> bytes:
    meant = {name: value for name, value in given.items() if name != "idempotencyKey"}
    text = orjson.dumps([action, meant], default=_plain, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).digest()


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
