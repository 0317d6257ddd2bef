"""The units at which authors are counted, step by step: set once, never changed later."""

from datetime import date

import psycopg

from tests.rollup.fold import Raw, day_of

Key = tuple[int, int]


class Counted:
    """Follows the units at which authors are counted through a history without merges."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        self._before: dict[Key, int] = {}

    def follow(self) -> None:
        """Assert that the last step counted authors where they belonged, and moved none of them."""
        raw = Raw.read(self._connection)
        now: dict[Key, int] = {}
        for author in raw.authors:
            key = (author["initiative_id"], author["person_id"])
            one, unit = raw.initiatives[key[0]], author["counted_unit_id"]
            if unit is None:
                assert not raw.achieved(one)
                continue
            now[key] = unit
            if key in self._before:
                assert unit == self._before[key]
            else:
                assert unit in self._allowed(raw, key)
        self._before = now

    def _allowed(self, raw: Raw, key: Key) -> set[int]:
        """Return where an author may be counted from this step on.

        Authors that a decision counts, at their own unit; later authors, where they belonged on the
        day; a replacement of an author, where that one was counted.
        """
        initiative, person = key
        one = raw.initiatives[initiative]
        others = {unit for (work, _), unit in self._before.items() if work == initiative}
        then = (
            {self._belonged(person, day_of(raw.achieved_at(one)))} if raw.achieved(one) else set()
        )
        return {raw.people[person]["unit_id"]} | then | others

    def _belonged(self, person: int, day: date) -> int:
        rows = self._connection.execute(
            "select valid_from, unit_id from membership where person_id = %s", [person]
        ).fetchall()
        spans = sorted((since or date.min, unit) for since, unit in rows)
        return [unit for since, unit in spans if since <= day][-1]
