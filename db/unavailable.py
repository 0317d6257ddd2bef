"""Why the database does not serve a request now; each is worth another try."""


class UnavailableError(Exception):
    """The database cannot be reached, or not in time."""


class CommitUnknownError(UnavailableError):
    """The connection was lost while a transaction committed: it may be carried out or not."""


class NotReadBackError(UnavailableError):
    """The transaction is committed, but its result cannot be read."""


class BusyError(UnavailableError):
    """Others use the database; the request has not begun. `retry_after` is in seconds."""

    retry_after = 2


class LockedError(BusyError):
    """Somebody else changes what the request would change, for longer than it may wait."""

    retry_after = 5


class LeftError(Exception):
    """The client has gone before its request began."""
