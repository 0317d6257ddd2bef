"""Documents that a request names instead of sending them.

Two ways of naming are understood: `documentId` (GraphQL over HTTP, appendix on persisted
documents) and the `persistedQuery` extension of Apollo's clients. A caller may have a document
kept by sending it along with its hash (automatic persisted queries), unless the operations are
a closed list of trusted ones: then only these run, however they are sent.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphql import GraphQLError, OperationDefinitionNode, parse

from db.cache import Cache
from schema.compiler.errors import RefusedError

_KEPT = 2_000  # documents
_MOST = 8_000_000  # bytes of all of them; a character takes up to four
_SHA256 = "sha256:"


@dataclass(frozen=True)
class Reference:
    """How a request names its document; `sha256` is what the extension calls the hash."""

    document_id: str | None = None
    sha256: str | None = None


class UnknownDocumentError(RefusedError):
    """A document that is not known by this name, until somebody sends it."""

    lasting = False


class Documents:
    """The documents known by name: the trusted ones, or else those that callers have sent."""

    def __init__(self, trusted: Mapping[str, str] | None) -> None:
        """Take the trusted documents by id; None lets callers send any."""
        self._trusted = None if trusted is None else _by_every_name(trusted)
        self._sent: Cache[str] = Cache(
            _KEPT, name="persisted documents", weigh=lambda _, text: 4 * len(text), most=_MOST
        )

    @property
    def are_trusted(self) -> bool:
        """Whether only documents run that were registered before the server started."""
        return self._trusted is not None

    def text(self, query: str | None, reference: Reference) -> str:
        """Return the document that a request means. Raises RefusedError."""
        if query is None:
            return self._named(reference)
        if reference.sha256 is not None and reference.sha256 != _hash(query):
            raise _refused("PERSISTED_QUERY_MISMATCH", "provided sha does not match query")
        if self._trusted is not None and _SHA256 + _hash(query) not in self._trusted:
            raise _refused("DOCUMENT_NOT_TRUSTED", "Only registered documents are run here.")
        return query

    def operation_names(self) -> Iterator[str]:
        """Give the names of the operations of trusted documents."""
        for text in set((self._trusted or {}).values()):
            for definition in parse(text).definitions:
                if isinstance(definition, OperationDefinitionNode) and definition.name is not None:
                    yield definition.name.value

    def keep(self, query: str, reference: Reference) -> None:
        """Keep a valid document that came with its hash."""
        if reference.sha256 is not None and self._trusted is None:
            self._sent.remember(_SHA256 + reference.sha256, lambda: query)

    def _named(self, reference: Reference) -> str:
        if reference.document_id is not None:
            found = self._find(reference.document_id)
            if found is None:
                raise _unknown("PERSISTED_DOCUMENT_NOT_FOUND", "No document has this id.")
            return found
        hash_ = reference.sha256 or ""
        # Apollo names a document of its manifest by the manifest's id, whatever that is.
        found = self._find(_SHA256 + hash_) or self._find(hash_)
        if found is None:
            # Apollo's clients go by this very message, and then send the document along.
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
