"""Traces by OpenTelemetry, sent over OTLP and HTTP; imported only where they are on.

Spans are of a request (HTTP), of the compiling of a document that is not cached (plan) and of each
statement (SQL). They have names, routes, codes and hashes as attributes, and never a value.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.propagate import extract
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode

from db import spans

_PATH = "/v1/traces"
_SECONDS = 5  # that a batch may take to be sent


class _Span:
    """A span as the rest of the program sees it."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def tell(self, name: str, value: str | int) -> None:
        self._span.set_attribute(name, value)


class Tracer:
    """Makes spans of a provider."""

    def __init__(self, processor: SpanProcessor) -> None:
        """Take what spans are given to once they have ended."""
        self._provider = TracerProvider(resource=Resource({"service.name": "sangkien"}))
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("sangkien")

    @contextmanager
    def span(
        self, name: str, facts: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> Iterator[_Span]:
        """Open a span below the current one, or below that of a `traceparent` header."""
        kind = SpanKind.INTERNAL if headers is None else SpanKind.SERVER
        with self._tracer.start_as_current_span(
            name,
            context=None if headers is None else extract(dict(headers)),
            kind=kind,
            attributes=dict(facts),
            # An error's text may have values: of it the span has the kind alone.
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield _Span(span)
            except Exception as error:
                span.set_status(StatusCode.ERROR)
                span.set_attribute("error.type", type(error).__qualname__)
                raise

    def close(self) -> None:
        """Send what is still to be sent."""
        self._provider.shutdown()


def start(endpoint: str) -> None:
    """Send this process's spans to a collector from here on."""
    if urlsplit(endpoint).path in {"", "/"}:
        endpoint = endpoint.rstrip("/") + _PATH
    exporter = OTLPSpanExporter(endpoint=endpoint, timeout=_SECONDS)
    spans.tracer = Tracer(BatchSpanProcessor(exporter))
