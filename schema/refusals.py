"""Audit events of refused attempts, within a rate limit for each account.

Refused attempts of anonymous callers are only counted in metrics. In each process an account has a
burst of AT_ONCE events, and then one per EVERY seconds. One event records the number of attempts
beyond that. So no attempt is lost, and no caller can fill the log, which cannot be pruned.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from auth.counters import REFUSED, UNRECORDED
from auth.principal import Principal
from db.rules.errors import DomainError
from db.sessions import Caller, TooSlowError
from db.transactions import Attempt, Writer
from db.unavailable import UnavailableError
from schema.inputs import arguments

AT_ONCE, EVERY = 60, 60.0  # events of an account in a burst; seconds per further event
EACH_REQUEST = 5  # events of one request, which may repeat a mutation under many aliases
SUMMED_UP_AFTER = 600.0  # seconds
LARGEST = 2_000  # bytes of an event's copy of the input
_LONGEST_KEY = 100  # characters
_ACCOUNTS = 10_000  # accounts with a rate limit in memory
# The input fields that are copied into events: identifiers, never contents.
_NAMING = {
    *("number", "original", "campaign", "phase", "unit", "parent", "into", "code", "role"),
    *("issuer", "recipient_unit", "username", "grant", "access_token", "authorization"),
    *("client", "units", "targets", "decisions", "bloc"),
}
# The name in an event of the field `code` of an input.
_CODE_OF = {
    "createCampaign": "campaign",
    "updateCampaign": "campaign",
    "createUnit": "unit",
    "createBloc": "bloc",
}
_MORE = Attempt("refusals")

_LOG = logging.getLogger("sangkien.audit")


@dataclass
class _Share:
    """The rate limit of one account, and the attempts since the last sum that have no event."""

    left: float
    filled_at: float
    caller: Caller
    unrecorded: int = 0


class Refusals:
    """Records refused attempts as audit events."""

    def __init__(self, writer: Writer, clock: Callable[[], float] = time.monotonic) -> None:
        """Create the recorder; `writer` writes the events."""
        self._writer = writer
        self._clock = clock
        self._shares: OrderedDict[int, _Share] = OrderedDict()
        self._summing: asyncio.Task[None] | None = None

    def of_request(self) -> "RequestRefusals":
        """Return a recorder for one request."""
        return RequestRefusals(self)

    async def close(self) -> None:
        """Write the pending sums."""
        if self._summing is not None:
            self._summing.cancel()
        await self._sum_up()

    def take(self, caller: Caller) -> bool:
        """Use one event of an account's rate limit; return whether one was left."""
        now, share = self._clock(), self._share_of(caller)
        share.left = min(AT_ONCE, share.left + (now - share.filled_at) / EVERY)
        share.filled_at, share.caller = now, caller
        if share.left < 1:
            return False
        share.left -= 1
        return True

    def give_back(self, caller: Caller) -> None:
        """Return one event to an account's rate limit: it was not written."""
        self._share_of(caller).left += 1

    def count(self, caller: Caller) -> None:
        """Count an attempt without an event; a later event records the sum."""
        UNRECORDED.inc()
        self._share_of(caller).unrecorded += 1
        if self._summing is None or self._summing.done():
            self._summing = asyncio.create_task(self._sum_up_later())

    async def write(self, caller: Caller, attempt: Attempt, **facts: Any) -> None:
        """Write an event. Raises GrantsChangedError, UnavailableError."""
        await self._writer.note(caller, attempt, "REFUSED", **facts)

    def _share_of(self, caller: Caller) -> _Share:
        """Return an account's share; above the limit, drop the oldest without a pending sum."""
        share = self._shares.get(caller.account_id)
        if share is None:
            if len(self._shares) >= _ACCOUNTS:
                done = (key for key, other in self._shares.items() if not other.unrecorded)
                self._shares.pop(next(done, -1), None)
            share = self._shares[caller.account_id] = _Share(AT_ONCE, self._clock(), caller)
        self._shares.move_to_end(caller.account_id)
        return share

    async def _sum_up_later(self) -> None:
        while any(share.unrecorded for share in self._shares.values()):
            await asyncio.sleep(SUMMED_UP_AFTER)
            await self._sum_up()

    async def _sum_up(self) -> None:
        for account_id, share in list(self._shares.items()):
            count, share.unrecorded = share.unrecorded, 0
            if not count:
                continue
            try:
                await self._writer.note(
                    *(share.caller, _MORE, "REFUSED"),
                    account_id=account_id,
                    after={"code": "MORE_REFUSED", "count": count},
                    outdated=True,
                )
            except (UnavailableError, TooSlowError) as error:
                share.unrecorded += count
                _LOG.warning("refused attempts were not summed up: %s", type(error).__name__)
            except BaseException:
                share.unrecorded += count
                raise


class RequestRefusals:
    """Records the refused attempts of one request."""

    def __init__(self, refusals: Refusals) -> None:
        """Create the recorder of one request."""
        self._refusals = refusals
        self._recorded = 0

    def of_command(self, caller: Caller) -> "CommandRefusals":
        """Return a recorder for the refused parts of a command, with the limits of the request."""
        return CommandRefusals(self, caller)

    def take(self, caller: Caller) -> bool:
        """Use one event of the limits of request and account; return whether one was left."""
        if self._recorded >= EACH_REQUEST or not self._refusals.take(caller):
            return False
        self._recorded += 1
        return True

    def give_back(self, caller: Caller) -> None:
        """Return one event to the limits of request and account: it was not written."""
        self._recorded -= 1
        self._refusals.give_back(caller)

    def count(self, caller: Caller) -> None:
        """Count an attempt without an event."""
        self._refusals.count(caller)

    async def note(
        self,
        principal: Principal,
        attempt: Attempt,
        error: DomainError,
        input_: Any,
        *,
        confirm: Callable[[Principal], Any],
        outdated: bool,
    ) -> None:
        """Record a refused attempt as an event, or count it.

        Raises GrantsChangedError if the attempt was refused because of grants that the account no
        longer has, unless `outdated` allows that; `confirm` checks it if no event is written.
        """
        caller, anonymous = principal.caller, principal.username is None
        if not anonymous:
            await self._record(caller, attempt, error, input_, lambda: confirm(principal), outdated)
        REFUSED.labels(attempt.action, error.code, "anonymous" if anonymous else "account").inc()

    async def _record(  # noqa: PLR0917 - the facts of an event
        self,
        caller: Caller,
        attempt: Attempt,
        error: DomainError,
        input_: Any,
        confirm: Callable[[], Any],
        outdated: bool,  # noqa: FBT001 - as above
    ) -> None:
        if not self.take(caller):
            if not outdated:
                await confirm()
            self.count(caller)
            return
        named = _named(input_)
        new = named.pop("code", None)
        if attempt.action in _CODE_OF and new is not None:
            named[_CODE_OF[attempt.action]] = new
        if "number" in error.facts:
            named["number"] = error.facts["number"]
        after, reason = bounded({"code": error.code, **named}, attempt.reason)
        facts = {"unit_id": error.unit_id, "after": after, "outdated": outdated}
        try:
            await self._refusals.write(caller, replace(attempt, reason=reason), **facts)
        except Exception:
            self.give_back(caller)
            raise


class CommandRefusals:
    """Counts the refused parts of one command that get an event, within the request's limit."""

    def __init__(self, request: RequestRefusals, caller: Caller) -> None:
        """Set the request of the command, and its caller."""
        self._request, self._caller = request, caller

    def take(self) -> bool:
        """Use one event of the request's limit for a part; return whether one was left."""
        return self._request.take(self._caller)

    def give_back(self) -> None:
        """Return one event to the request's limit: it was not committed."""
        self._request.give_back(self._caller)

    def count(self) -> None:
        """Count a part without an event."""
        self._request.count(self._caller)


def bounded(
    named: Mapping[str, Any], reason: str | None, most: int = LARGEST
) -> tuple[dict[str, Any], str | None]:
    """Return the input fields and the reason of an event, cut to `most` bytes in total."""
    kept = {}
    for name, value in named.items():
        kept[name] = _cut(value, most) if isinstance(value, str) else value
        most -= len(str(kept[name]).encode())
    return kept, None if reason is None else _cut(reason, most)


def notable(value: Any, longest: int) -> Any:
    """Return a value that PostgreSQL can store: rejected input may contain any characters."""
    if not isinstance(value, str):
        return value
    return value[:longest].replace("\0", "\ufffd").encode(errors="replace").decode()


def _cut(text: str, most: int) -> str:
    return text.encode()[: max(most, 0)].decode(errors="ignore")


def _named(input_: Any) -> dict[str, Any]:
    """Return the identifiers in an input; those of a list as one text."""
    named = {}
    for name, value in arguments(input_).items():
        if name in _NAMING and isinstance(value, list):
            keys = ", ".join(notable(_key(item), _LONGEST_KEY) for item in value)
            named[name] = notable(keys, LARGEST)
        elif name in _NAMING and isinstance(value, str | int):
            named[name] = notable(value, _LONGEST_KEY)
    return named


def _key(item: Any) -> str:
    """Return the identifier of a list item: a code, a decision's number or a target's unit."""
    return item if isinstance(item, str) else getattr(item, "number", None) or item.unit
