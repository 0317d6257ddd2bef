"""Operations of every transport: prepared, authorised, limited and run in one way.

HTTP (api/graphql.py), event streams and WebSockets (api/live) differ in the form of requests and
responses; permissions and limits are the same for all and are applied here.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from graphql import GraphQLError, OperationType
from starlette.requests import HTTPConnection, Request
from starlette.types import Receive

from api import metrics
from api.addresses import address_of
from api.bodies import BodyError, GraphQLRequest
from api.claiming import claiming
from api.identities import Identity, IdentityError
from api.introspection import Introspection
from api.limits import Counted, Crowd, Rate, counted
from api.live.shared import SharedReads
from api.operation_log import OperationLog
from api.persisted import Documents
from auth.issuer.sessions import is_recent
from auth.principal import Principal, Principals
from auth.tokens import READ, WRITE, Clock
from db import spans
from db.cache import weight_of
from db.request_context import called_by
from db.sessions import GrantsChangedError, Reader, TooSlowError
from db.transactions import Writer
from db.unavailable import LockedError, UnavailableError
from db.watching import Grants, Watch
from schema.compiler.errors import LimitError, RefusedError
from schema.compiler.limits import ANONYMOUS, Limits, check_together
from schema.compiler.plan import Compiler, Operation, Plan
from schema.compiler.subscriptions import Subscribed
from schema.messages import preferred
from schema.run import Asker, Mutations

_TRIES = 3  # tries of an operation whose caller's grants change while it runs
_ONLY_LIVE = "A subscription is answered as text/event-stream or over a WebSocket alone."
_CLOSED = "The schema is not open to introspection by this caller."
_CONFIRM = "select check_grants($1, $2)"
_AGAIN = 2.0  # seconds before an event is tried again after an outage


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules for callers: documents, introspection, rate and concurrency limits."""

    documents: Documents
    introspection: Introspection
    rate: Rate
    crowd: Crowd
    connections: Crowd
    subscriptions: Crowd
    batch_limit: int


class Asking(NamedTuple):
    """The request context: the caller, what it is counted for, its address and languages."""

    identity: Identity
    counted_as: Counted
    address: str | None
    languages: str | None
    gone: Callable[[], Awaitable[object]] | None = None  # waits until the client disconnects

    @property
    def username(self) -> str | None:
        """The account's username; None for an anonymous caller."""
        return self.identity.username

    @classmethod
    def of(cls, identity: Identity, connection: HTTPConnection) -> "Asking":
        """Return the request context of a connection."""
        return cls(
            identity,
            counted(identity.username, connection.client),
            address_of(connection),
            connection.headers.get("accept-language"),
            _departure(connection.receive) if isinstance(connection, Request) else None,
        )


class Prepared(NamedTuple):
    """A query or subscription with its plan and parameters, or a mutation with its variables."""

    operation: Operation
    plan: Plan | None
    values: Any
    subscribed: Subscribed | None = None  # the object that a subscription watches

    @property
    def weight(self) -> int:
        """The approximate size in bytes."""
        plan: int = self.plan.weight if self.plan is not None else 0
        return self.operation.weight + plan + weight_of(self.values)


class Operations:
    """Prepares and runs operations."""

    def __init__(
        self,
        compiler: Compiler,
        principals: Principals,
        reader: Reader,
        writer: Writer,
        *,
        watch: Watch,
        rules: Rules,
        log: OperationLog,
        clock: Clock,
    ) -> None:
        self.log = log
        self._compiler = compiler
        self._principals = principals
        self._reader = reader
        self._mutations = Mutations(compiler, writer)
        self._watch = watch
        self._shared = SharedReads()
        self._rules = rules
        self._clock = clock

    async def close(self) -> None:
        """Write the queued audit events."""
        await self._mutations.close()

    def prepare(self, asking: Asking, asked: GraphQLRequest) -> Prepared:
        """Return a request's operation, ready to run. Raises RefusedError, BusyError."""
        called_by(self._principals.account_id(asking.username))
        with spans.span("plan"):
            return self._prepare(asking, asked)

    def _prepare(self, asking: Asking, asked: GraphQLRequest) -> Prepared:
        hints = self._rules.introspection.is_open_to(asking.username)
        documents = self._rules.documents
        query = documents.text(asked.query, asked.reference)
        limits = self._limits_of(asking)
        operation = self._compiler.operation(
            query, asked.operation_name, hints=hints, limits=limits
        )
        self.log.began(operation)
        self._check_introspection(asking, operation)
        documents.keep(query, asked.reference)
        variables = self._compiler.variables(operation, asked.variables, hints=hints)
        if operation.kind is OperationType.MUTATION:
            return Prepared(operation, None, variables)
        subscribed = None
        if operation.kind is OperationType.SUBSCRIPTION:
            subscribed = self._compiler.subscription(operation, variables)
        plan = self._compiler.plan(operation, variables)
        return Prepared(operation, plan, plan.values(variables), subscribed)

    def check_batch(self, asking: Asking, batch: Sequence[GraphQLRequest]) -> None:
        """Apply the limits of anonymous callers to a batch as a whole. Raises RefusedError."""
        if self._limits_of(asking) is not ANONYMOUS:
            return
        try:
            check_together([request.query or "" for request in batch], ANONYMOUS)
        except LimitError as error:
            raise RefusedError(error) from error

    def _limits_of(self, asking: Asking) -> Limits:
        """Return the limits of a caller's documents; trusted ones have those of accounts."""
        anonymous = asking.username is None and not self._rules.documents.are_trusted
        return ANONYMOUS if anonymous else self._compiler.limits

    async def run(self, asking: Asking, prepared: Prepared) -> bytes:
        """Return the data of a query or mutation as JSON.

        Raises BodyError, IdentityError, RefusedError, LimitedError, and errors of the database.
        """
        self.log.began(prepared.operation)
        if prepared.subscribed is not None:
            raise BodyError(406, "NOT_ACCEPTABLE", _ONLY_LIVE)
        self._rules.crowd.enter(asking.counted_as)
        try:
            with claiming(asking.counted_as, asking.gone):
                await self._admit(asking, prepared)
                if prepared.plan is not None:
                    return await self._read(asking.identity, prepared.plan, prepared.values)
                return await self._mutate(asking, prepared)
        finally:
            self._rules.crowd.leave(asking.counted_as)

    async def events(self, asking: Asking, prepared: Prepared) -> AsyncGenerator[bytes, None]:
        """Yield the data of a subscription, at once and whenever it has changed.

        It only ends with an error: one of `run`, or one when the caller loses access.
        """
        self.log.began(prepared.operation)
        self._check(asking, prepared)
        subscribed = prepared.subscribed
        assert subscribed is not None
        last = None
        self._rules.subscriptions.enter(asking.counted_as)
        metrics.SUBSCRIPTIONS.inc()
        try:
            async with self._watch.on(subscribed.thing, Grants(asking.username)) as changed:
                while True:
                    changed.clear()
                    try:
                        data = await self._event(asking, prepared)
                    except (UnavailableError, TooSlowError):
                        if last is None:
                            raise
                        changed.set()
                        await asyncio.sleep(_AGAIN)
                        continue
                    subscribed.check(data)
                    digest = hashlib.blake2b(data, digest_size=16).digest()
                    if digest != last:
                        last = digest
                        metrics.EVENTS.inc()
                        yield data
                    await changed.wait()
        finally:
            metrics.SUBSCRIPTIONS.dec()
            self._rules.subscriptions.leave(asking.counted_as)

    def _check(self, asking: Asking, prepared: Prepared) -> None:
        asking.identity.check(READ if prepared.plan else WRITE)
        # For each request: an operation prepared for one caller is cached and run for others too.
        self._check_introspection(asking, prepared.operation)

    def _check_introspection(self, asking: Asking, operation: Operation) -> None:
        open_ = self._rules.introspection.is_open_to(asking.username)
        if operation.introspects and not open_:
            extensions = {"code": "INTROSPECTION_DISABLED"}
            raise RefusedError(GraphQLError(_CLOSED, extensions=extensions))

    async def _event(self, asking: Asking, prepared: Prepared) -> bytes:
        plan, values, identity = prepared.plan, prepared.values, asking.identity
        assert plan is not None
        key = (identity, plan.sql, *values)
        with claiming(asking.counted_as):
            return await self._shared.read(key, lambda: self._read(identity, plan, values))

    async def _read(self, identity: Identity, plan: Plan, values: Any) -> bytes:
        for _ in range(_TRIES):
            principal = await self._principal(identity)
            try:
                return await self._reader.fetch_json(principal.caller, plan.sql, values)
            except GrantsChangedError:
                self._principals.forget(identity.username)
        raise LockedError("the role grants of the account keep changing")

    async def _admit(self, asking: Asking, prepared: Prepared) -> None:
        """Authorise an operation; a rejected mutation is recorded as a refused attempt."""
        try:
            self._check(asking, prepared)
        except IdentityError as error:
            if prepared.plan is None:
                asker = self._asker(asking)
                await self._mutations.refuse(prepared.operation, prepared.values, asker, error.code)
            raise

    async def _mutate(self, asking: Asking, prepared: Prepared) -> bytes:
        asker = self._asker(asking)
        return await self._mutations.run(prepared.operation, prepared.values, asker)

    def _asker(self, asking: Asking) -> Asker:
        identity = asking.identity
        if identity.signed_in_at is not None and not is_recent(
            identity.signed_in_at, self._clock()
        ):
            stale = replace(identity.narrowing, stale=True)
            identity = replace(identity, narrowing=stale)
        return Asker(
            principal=lambda: self._principal(identity),
            confirm=self._confirm,
            grants_changed=lambda: self._principals.forget(identity.username),
            address=asking.address,
            locale=preferred(asking.languages),
        )

    async def _confirm(self, principal: Principal) -> None:
        caller = principal.caller
        await self._reader.fetch_row(_CONFIRM, caller.account_id, caller.grants_version)

    async def _principal(self, identity: Identity) -> Principal:
        principal = await self._principals.of(identity.username, identity.narrowing)
        called_by(principal.account_id or None)
        return principal


def _departure(receive: Receive) -> Callable[[], Awaitable[object]]:
    """Return a function that waits until the client of a fully read request disconnects."""

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    return gone
