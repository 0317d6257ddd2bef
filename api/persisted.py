"""Persisted documents: a request can name a document instead of sending it.

There are two ways: `documentId` (GraphQL over HTTP, appendix on persisted documents) and the
`persistedQuery` extension of Apollo's clients. A caller can store a document by sending it with its
hash (automatic persisted queries). If the operator has set trusted documents, only these run, and
nothing is stored.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphql import GraphQLError, OperationDefinitionNode, parse

from db.cache import Cache
from schema.compiler.errors import RefusedError

_KEPT = 2_000  # documents
_MOST = 8_000_000  # bytes in total; a character takes up to four
_SHA256 = "sha256:"


@dataclass(frozen=True)
class Reference:
    """A request's reference to a document; `sha256` is the hash in Apollo's extension."""

    document_id: str | None = None
    sha256: str | None = None


class UnknownDocumentError(RefusedError):
    """No document has this name yet; a caller may still send it."""

    lasting = False


class Documents:
    """The documents known by name: the trusted ones, or otherwise those that callers have sent."""

    def __init__(self, trusted: Mapping[str, str] | None) -> None:
        """Set the trusted documents by id; None allows any document."""
        self._trusted = None if trusted is None else _by_every_name(trusted)
        self._sent: Cache[str] = Cache(
            _KEPT, name="persisted documents", weigh=lambda _, text: 4 * len(text), most=_MOST
        )

    @property
    def are_trusted(self) -> bool:
        """Whether only documents registered before the start of the server may run."""
        return self._trusted is not None

    def text(self, query: str | None, reference: Reference) -> str:
        """Return the document of a request. Raises RefusedError."""
        if query is None:
            return self._named(reference)
        if reference.sha256 is not None and reference.sha256 != _hash(query):
            raise _refused("PERSISTED_QUERY_MISMATCH", "provided sha does not match query")
        if self._trusted is not None and _SHA256 + _hash(query) not in self._trusted:
            raise _refused("DOCUMENT_NOT_TRUSTED", "Only registered documents are run here.")
        return query

    def operation_names(self) -> Iterator[str]:
        """Yield the names of the operations in trusted documents."""
        for text in set((self._trusted or {}).values()):
            for definition in parse(text).definitions:
                if isinstance(definition, OperationDefinitionNode) and definition.name is not None:
                    yield definition.name.value

    def keep(self, query: str, reference: Reference) -> None:
        """Store a valid document that was sent with its hash."""
        if reference.sha256 is not None and self._trusted is None:
            self._sent.remember(_SHA256 + reference.sha256, lambda: query)

    def _named(self, reference: Reference) -> str:
        if reference.document_id is not None:
            found = self._find(reference.document_id)
            if found is None:
                raise _unknown("PERSISTED_DOCUMENT_NOT_FOUND", "No document has this id.")
            return found
        hash_ = reference.sha256 or ""
        # Apollo sends the id of a document in its manifest as the hash, whatever the id is.
        found = self._find(_SHA256 + hash_) or self._find(hash_)
        if found is None:
            # Apollo's clients recognise this exact message, and then send the document.
            raise _unknown("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
        return found

    def _find(self, name: str) -> str | None:
        return self._sent.get(name) if self._trusted is None else self._trusted.get(name)


def _by_every_name(trusted: Mapping[str, str]) -> dict[str, str]:
    hashed = {_SHA256 + _hash(text): text for text in trusted.values()}
    return {**trusted, **hashed}


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _refused(code: str, message: str) -> RefusedError:
    return RefusedError(GraphQLError(message, extensions={"code": code}))


def _unknown(code: str, message: str) -> UnknownDocumentError:
    return UnknownDocumentError(GraphQLError(message, extensions={"code": code}))
