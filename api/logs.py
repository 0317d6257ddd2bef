"""Log lines as readable text or JSON, each with the request that it belongs to.

No line contains a value of a request or a row. Errors, including those of libraries and uncaught
ones, are logged by their type and their location in the code (db/traces.py). Text that looks like
an e-mail address, and control characters, are replaced.
"""

import logging
import re
import sys
import threading
from datetime import UTC, datetime
from typing import Any

import orjson

from db.request_context import current
from db.traces import kind, trace

LONGEST_NAME = 64
"""Characters of an operation's name that a line repeats."""
_OURS = "sangkien"
_TRACEBACK = "Traceback (most recent call last)"
_PLACE = re.compile(
    r'^[\s|+]*(?:(File "[^"\n]*", line \d+, in \S+)'
    r"|((?:[a-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Group|Interrupt))(?=:|$))",
    re.MULTILINE,
)
_LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
_ADDRESS = re.compile(r"[^\s@:/<>'\"]{1,100}@[\w.-]{1,100}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_NOT_PLAIN = re.compile(r"[^\x21-\x7e]")
ACCESS = logging.getLogger("sangkien.access")
SLOW = logging.getLogger("sangkien.slow")
_LOG = logging.getLogger("sangkien.errors")


class _Line(logging.Formatter):
    """Shared by both formats."""

    def _fields(self, record: logging.LogRecord) -> dict[str, Any]:
        """Return the fields of a line, in order; the record's `facts` follow."""
        context = current()
        message = _said(record)
        if record.exc_info and record.exc_info[1] is not None:
            message = f"{message}\n{trace(record.exc_info[1])}"
        fields: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _clean(message),
        }
        if context is not None:
            fields |= {
                "request_id": context.id,
                "operation": plain(context.operation),
                "account": context.account_id,
            }
        facts: dict[str, Any] = getattr(record, "facts", {})
        return {**fields, **facts}


class JsonLine(_Line):
    """One JSON object per line, without unknown fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fields = self._fields(record)
        known = {name: value for name, value in fields.items() if value is not None}
        return orjson.dumps(known, default=str).decode()


class TextLine(_Line):
    """The time, level, logger and message, then the other fields as `name=value`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; the trace of an error follows in indented lines."""
        fields = self._fields(record)
        head, *more = str(fields.pop("message")).splitlines() or [""]
        start = f"{fields.pop('time')} {fields.pop('level').upper()} {fields.pop('logger')}: {head}"
        rest = [f"{name}={value}" for name, value in fields.items() if value is not None]
        return "\n    ".join([" ".join([start, *rest]), *more])


def _said(record: logging.LogRecord) -> str:
    """Return the message of a record, with errors replaced by their type.

    Libraries pass errors as arguments, or format them into the message: asyncio describes the task
    that failed, Starlette formats a whole traceback. Only locations in the code are kept of these.
    """
    args = record.args
    if isinstance(args, tuple) and any(isinstance(one, BaseException) for one in args):
        known = (kind(one) if isinstance(one, BaseException) else one for one in args)
        message = str(record.msg) % tuple(known)
    else:
        message = record.getMessage()
    if record.name == _OURS or record.name.startswith(f"{_OURS}."):
        return message
    if _TRACEBACK in message:
        return _places(message)
    return message.partition("\n")[0] if record.exc_info else message


def _places(traceback: str) -> str:
    """Return the locations and the error types in the text of a traceback."""
    found = (match.group(1) or match.group(2) for match in _PLACE.finditer(traceback))
    return "\n".join(["an error that nobody caught", *found])


_FORMS: dict[str, type[_Line]] = {"text": TextLine, "json": JsonLine}


def configure(form: str | None, level: str | None) -> None:
    """Write all log lines to standard error; invalid settings are rejected elsewhere.

    The level applies to our own loggers. Libraries always log from `warning` on, because their
    debug lines contain addresses, headers and whole messages.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_FORMS.get(form or "text", TextLine)())
    root = logging.getLogger()
    ours = [one for one in root.handlers if isinstance(one.formatter, _Line)]
    for one in ours:
        root.removeHandler(one)
    root.addHandler(handler)
    root.setLevel(logging.ERROR if level == "error" else logging.WARNING)
    logging.getLogger("sangkien").setLevel(_LEVELS.get(level or "", logging.WARNING))


def take_uncaught() -> None:
    """Log errors of threads and of destructors, whose text Python would print."""
    threading.excepthook = _of_thread
    sys.unraisablehook = _unraisable


def uncaught(error: BaseException) -> None:
    """Log an uncaught error."""
    _LOG.error("an error that nobody caught: %s", trace(error))


def _of_thread(failed: threading.ExceptHookArgs) -> None:
    if failed.exc_value is not None and not isinstance(failed.exc_value, SystemExit):
        uncaught(failed.exc_value)


def _unraisable(failed: "sys.UnraisableHookArgs") -> None:
    if failed.exc_value is not None:
        uncaught(failed.exc_value)


def plain(name: str | None) -> str | None:
    """Return an operation's name, shortened and in printable ASCII, for a line."""
    return None if name is None else _NOT_PLAIN.sub("?", name[:LONGEST_NAME])


def _clean(message: str) -> str:
    return _CONTROL.sub("?", _ADDRESS.sub("<address>", message))
