"""The manifest of trusted documents, in the formats of clients' build tools.

Relay and graphql-codegen write `{id: text}`; Apollo writes `{"format":
"apollo-persisted-query-manifest", "version": 1, "operations": [{"id": …, "body": …}]}`.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson

from schema.compiler.errors import RefusedError

_APOLLO = "apollo-persisted-query-manifest"


class ManifestError(Exception):
    """The manifest is invalid; the text is one line."""


def load(file: Path, check: Callable[[str], None]) -> Mapping[str, str]:
    """Return the documents of a manifest by id; `check` raises RefusedError for an invalid one.

    Raises ManifestError.
    """
    try:
        content = orjson.loads(file.read_bytes())
    except OSError as error:
        raise ManifestError(f"{file} cannot be read: {error.strerror}") from error
    except orjson.JSONDecodeError as error:
        raise ManifestError(f"{file} is not JSON: {error}") from error
    documents = _documents(file, content)
    for id_, text in documents.items():
        try:
            check(text)
        except RefusedError as refused:
            reason = refused.errors[0].message
            raise ManifestError(f"{file}: the document {id_!r} is not valid: {reason}") from refused
    return documents


def _documents(file: Path, content: Any) -> dict[str, str]:
    entries = _entries(content)
    if entries is None:
        raise ManifestError(
            f"{file} is no manifest: it must be an object of documents by id, "
            f"or one with the format {_APOLLO!r} and version 1"
        )
    documents: dict[str, str] = {}
    for id_, text in entries:
        if not isinstance(id_, str) or not id_ or not isinstance(text, str):
            raise ManifestError(f"{file}: an id and its document must be strings, not {id_!r}")
        if documents.get(id_, text) != text:
            raise ManifestError(f"{file}: the id {id_!r} names two documents")
        documents[id_] = text
    if not documents:
        raise ManifestError(f"{file} lists no document")
    return documents


def _entries(content: Any) -> list[tuple[Any, Any]] | None:
    if not isinstance(content, dict):
        return None
    if "format" not in content:
        return list(content.items())
    operations = content.get("operations")
    if (content["format"], content.get("version")) != (_APOLLO, 1):
        return None
    if not isinstance(operations, list) or not all(isinstance(item, dict) for item in operations):
        return None
    return [(item.get("id"), item.get("body")) for item in operations]
