"""Errors of a database that cannot serve a request now; a retry may succeed."""


class UnavailableError(Exception):
    """The database cannot be reached, or not in time."""


class CommitUnknownError(UnavailableError):
    """The connection was lost during a commit: the transaction may be committed or not."""


class NotReadBackError(UnavailableError):
    """The transaction is committed, but its result cannot be read."""


class BusyError(UnavailableError):
    """Other requests use the database; this one has not begun. `retry_after` is in seconds."""

    retry_after = 2


class LockedError(BusyError):
    """Another transaction locks the same data, for longer than the request may wait."""

    retry_after = 5


class LeftError(Exception):
    """The client disconnected before its request began."""
