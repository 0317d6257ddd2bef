"""OpenTelemetry traces, sent over OTLP and HTTP; imported only where they are enabled.

There are spans for each request (HTTP), for compiling a document that is not cached (plan) and for
each statement (SQL). Their attributes are names, routes, codes and hashes, never values.
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
_SECONDS = 5  # seconds that sending a batch may take


class _Span:
    """A span with the interface that the rest of the program uses."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def tell(self, name: str, value: str | int) -> None:
        self._span.set_attribute(name, value)


class Tracer:
    """Creates the spans of a provider."""

    def __init__(self, processor: SpanProcessor) -> None:
        """Set the processor of ended spans."""
        self._provider = TracerProvider(resource=Resource({"service.name": "sangkien"}))
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("sangkien")

    @contextmanager
    def span(
        self, name: str, facts: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> Iterator[_Span]:
        """Open a span below the current one, or below the one in a `traceparent` header."""
        kind = SpanKind.INTERNAL if headers is None else SpanKind.SERVER
        with self._tracer.start_as_current_span(
            name,
            context=None if headers is None else extract(dict(headers)),
            kind=kind,
            attributes=dict(facts),
            # An error's text may contain values, so the span only records its type.
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
        """Send the remaining spans."""
        self._provider.shutdown()


def start(endpoint: str) -> None:
    """Start to send this process's spans to a collector."""
    if urlsplit(endpoint).path in {"", "/"}:
        endpoint = endpoint.rstrip("/") + _PATH
    exporter = OTLPSpanExporter(endpoint=endpoint, timeout=_SECONDS)
    spans.tracer = Tracer(BatchSpanProcessor(exporter))
