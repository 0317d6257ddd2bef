"""Traces: spans of requests, plans and statements, with only codes and hashes."""

import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from api import settings, tracing
from api.settings import SettingsError
from db import spans
from tests.client import client

QUERY = "query Find($code: String!) { unit(code: $code) { name } }"
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def exporter(monkeypatch):
    made = InMemorySpanExporter()
    tracer = tracing.Tracer(SimpleSpanProcessor(made))
    monkeypatch.setattr(spans, "tracer", tracer)
    yield made
    tracer.close()


async def test_a_request_has_spans_of_its_plan_and_its_statements(demo, exporter):
    async with client(demo) as http:
        headers = {"traceparent": PARENT}
        body = {"query": QUERY, "variables": {"code": "SECRET-CODE"}}
        for _ in range(2):
            await http.http.post("/graphql", json=body, headers=headers)
    ended = exporter.get_finished_spans()
    first, second = (span for span in ended if span.name == "HTTP")
    assert first.attributes["http.route"] == "/graphql"
    assert first.attributes["http.response.status_code"] == 200
    assert first.attributes["kind"] == "query"
    assert f"{first.context.trace_id:032x}" == PARENT.split("-")[1]
    assert f"{first.parent.span_id:016x}" == PARENT.split("-")[2]
    below = [span.name for span in ended if span.parent.span_id == first.context.span_id]
    assert below.count("plan") == 1
    assert below.count("SQL") >= 1
    again = [span.name for span in ended if span.parent.span_id == second.context.span_id]
    assert again == ["SQL"]
    told = str([dict(span.attributes) for span in ended])
    assert "SECRET" not in told
    assert "select" not in told.lower()


async def test_an_error_is_told_by_its_kind_alone(exporter):
    with pytest.raises(RuntimeError), spans.span("plan"):
        raise RuntimeError("SECRET")
    (span,) = exporter.get_finished_spans()
    assert span.attributes["error.type"] == "RuntimeError"
    assert not span.events
    assert span.status.description is None


async def test_spans_arrive_at_a_collector(demo, monkeypatch):
    arrived = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            arrived.append((self.path, ExportTraceServiceRequest.FromString(body)))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(spans, "tracer", None)
        tracing.start(f"http://127.0.0.1:{server.server_port}")
        async with client(demo) as http:
            await http.data("{ campaigns { nodes { code } } }")
        assert isinstance(spans.tracer, tracing.Tracer)
        spans.tracer.close()
        server.shutdown()
    assert {path for path, _ in arrived} == {"/v1/traces"}
    found = [
        span.name
        for _, request in arrived
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    assert {"HTTP", "plan", "SQL"} <= set(found)


def test_without_the_setting_the_library_is_not_imported():
    script = (
        "import sys; from api.app import create_app; from api.settings import Settings;"
        " create_app(Settings(database_url='postgresql://x@/x'));"
        " sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


async def test_a_traceparent_is_not_looked_at_without_the_setting(demo):
    assert spans.tracer is None
    async with client(demo) as http:
        answer = await http.http.get("/graphql", headers={"traceparent": PARENT})
    assert PARENT.split("-")[1] not in answer.headers["x-request-id"]


@pytest.mark.parametrize("url", ["collector:4318", "ftp://collector", "http://u:p@collector"])
def test_an_endpoint_that_is_none_is_refused(monkeypatch, url):
    monkeypatch.setenv("SANGKIEN_OTLP_ENDPOINT", url)
    with pytest.raises(SettingsError, match="SANGKIEN_OTLP_ENDPOINT"):
        settings.load()
