"""The GraphQL endpoint over HTTP."""

from collections.abc import AsyncGenerator
from time import monotonic, perf_counter

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api import answers, bodies, compression, etags, metrics
from api.bodies import GraphQLRequest, method_not_allowed
from api.claiming import claiming
from api.graphiql_page import page
from api.identities import Identities, IdentityError
from api.limits import counted, stranger
from api.live import stream
from api.live.lifetime import Stopping
from api.live.stream import EventStream
from api.operations import Asking, Operations, Prepared, Rules
from api.refusals import refusal
from auth.tokens import TokenError
from db.cache import Cache
from db.request_context import CURRENT
from db.unavailable import LeftError
from schema.compiler.errors import RefusedError
from schema.compiler.refusals import Refusals

_LARGEST_REMEMBERED = 4_000  # bytes of a body
_NEW_DOCUMENT = 1_000  # bytes of an uncached body that count as one operation of the rate limit
_OF_PREPARED, _OF_REFUSALS = 24_000_000, 4_000_000  # bytes of memory, about
_REFUSED_FOR = 30.0  # seconds that the rejection of a body is cached


class GraphQLEndpoint:
    """Serves GraphQL over HTTP at one path, as an ASGI application."""

    def __init__(
        self, operations: Operations, identities: Identities, rules: Rules, stopping: Stopping
    ) -> None:
        self._operations = operations
        self._log = operations.log
        self._identities = identities
        self._rules = rules
        self._stopping = stopping
        # Clients send the same few bodies again and again, so the result of preparing them is
        # cached.
        self._prepared: Cache[Prepared] = Cache(
            2_048, name="prepared requests", weigh=_weight, most=_OF_PREPARED
        )
        self._refusals = Refusals(_OF_REFUSALS, _REFUSED_FOR, monotonic)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to one request."""
        request = Request(scope, receive)
        started = perf_counter()
        try:
            response = await self._answer(request)
        except (ClientDisconnect, LeftError):
            return
        seconds = perf_counter() - started
        metrics.observe(response.status_code, seconds)
        if not isinstance(response, EventStream):
            self._log.ended(seconds)
        await response(scope, receive, send)
        if isinstance(response, EventStream):
            self._log.ended(None)

    async def _answer(self, request: Request) -> Response:
        if request.method == "GET" and bodies.wants_page(request.headers, request.query_params):
            return page(request)
        media = answers.media_type(request.headers)
        try:
            response = await self._respond(request, media)
        except (ClientDisconnect, LeftError):
            raise
        except Exception as error:  # noqa: BLE001 - every error gets a response
            response = refusal(error, media)
        return await _packed(request, response)

    async def _respond(self, request: Request, media: str) -> Response:
        """Run the steps of a request, in order; each may reject it."""
        if request.method not in {"GET", "POST"}:
            raise method_not_allowed("Use GET or POST.")
        asking = await self._identify(request)
        self._rules.rate.take(asking.counted_as)
        body = None if request.method == "GET" else await bodies.read_body(request)
        if body and self._rules.batch_limit and bodies.is_batch(body):
            return await self._batch(asking, body)
        try:
            prepared = self._prepare(request, asking, body)
        except RefusedError as error:
            if stream.is_all_that_is_wanted(request.headers):
                return self._stream(request, asking, stream.refused(error))
            raise
        if request.method == "GET" and prepared.plan is None:
            raise method_not_allowed("Only queries and subscriptions may be sent by GET.")
        return await self._run(request, asking, prepared, media)

    async def _identify(self, request: Request) -> Asking:
        try:
            with claiming(counted(None, request.client)):
                identity = await self._identities.of(request)
        except (TokenError, IdentityError):
            self._rules.rate.take(stranger(request.client))
            raise
        return Asking.of(identity, request)

    def _prepare(self, request: Request, asking: Asking, body: bytes | None) -> Prepared:
        if body is None:
            with self._rules.rate.measuring(asking.counted_as):
                asked = bodies.parse_parameters(request.query_params)
                return self._operations.prepare(asking, asked)
        # Anonymous callers have other limits.
        key = body, asking.username is None
        prepared = self._prepared.get(key)
        if prepared is not None:
            return prepared
        with self._refusals.remembering(key):
            self._rules.rate.take(asking.counted_as, len(body) // _NEW_DOCUMENT)
            with self._rules.rate.measuring(asking.counted_as):
                prepared = self._operations.prepare(asking, bodies.parse_body(body))
        if len(body) <= _LARGEST_REMEMBERED:
            self._prepared.put(key, prepared)
        return prepared

    async def _run(
        self, request: Request, asking: Asking, prepared: Prepared, media: str
    ) -> Response:
        if prepared.subscribed is not None and stream.is_wanted(request.headers):
            return self._stream(request, asking, self._operations.events(asking, prepared))
        if stream.is_all_that_is_wanted(request.headers):
            return self._stream(request, asking, self._once(asking, prepared))
        return answers.Data(await self._operations.run(asking, prepared), media)

    async def _once(self, asking: Asking, prepared: Prepared) -> AsyncGenerator[bytes, None]:
        yield await self._operations.run(asking, prepared)

    def _stream(
        self, request: Request, asking: Asking, events: AsyncGenerator[bytes, None]
    ) -> Response:
        return EventStream(
            events,
            asking.identity,
            lambda: self._identities.of(request, uses=False),
            self._stopping,
            (self._rules.connections, asking.counted_as),
        )

    async def _batch(self, asking: Asking, body: bytes) -> Response:
        """Run several operations one after another; each succeeds or fails on its own."""
        batch = bodies.parse_batch(body, self._rules.batch_limit)
        self._rules.rate.take(asking.counted_as, len(batch) - 1)
        self._operations.check_batch(asking, batch)
        responses = []
        whole = CURRENT.get()
        for asked in batch:
            context = self._log.new(None if whole is None else whole.id)
            with self._log.within(context):
                responses.append(await self._one_of_batch(asking, asked))
            self._log.finish(context)
        return answers.batch(responses)

    async def _one_of_batch(self, asking: Asking, asked: GraphQLRequest) -> Response:
        try:
            with self._rules.rate.measuring(asking.counted_as):
                prepared = self._operations.prepare(asking, asked)
            return answers.Data(await self._operations.run(asking, prepared), answers.JSON)
        except LeftError:
            raise
        except Exception as error:  # noqa: BLE001 - every error gets a response
            return refusal(error, answers.JSON)


async def _packed(request: Request, response: Response) -> Response:
    """Apply conditional GET and compression to a response."""
    if isinstance(response, EventStream):
        return response
    coding = compression.coding(request, response)
    if (
        request.method == "GET"
        and isinstance(response, answers.Data)
        and etags.mark(request, response, coding)
    ):
        return etags.not_modified(response)
    if coding is not None:
        await compression.compress(response, coding)
    return response


def _weight(key: tuple[bytes, bool], prepared: Prepared) -> int:
    return len(key[0]) + prepared.weight
