"""The content of a database, beside the model's expectation."""

import json
from collections import Counter
from typing import Any

from tests.model.played import Played
from tests.model.programme import Programme


class Stored:
    """The content of a database, in terms of the model."""

    def __init__(self, played: Played) -> None:
        self._rows = played.rows

    def state(self) -> dict[str, Any]:
        """Return all state that the model has too."""
        return {
            "units": self._keyed(
                "select u.code, u.level, p.code, u.member_count, u.valid_to, m.code, u.version"
                " from unit u left join unit p on p.id = u.parent_id"
                " left join unit m on m.id = u.merged_into_id"
            ),
            "homes": self._keyed(
                "select p.code, u.code, p.version from person p join unit u on u.id = p.unit_id"
            ),
            "memberships": Counter(
                self._rows(
                    "select p.code, m.valid_from, u.code from membership m"
                    " join person p on p.id = m.person_id join unit u on u.id = m.unit_id"
                )
            ),
            "counted": Counter(
                self._rows(
                    "select i.number, p.code, u.code from authorship a"
                    " join initiative i on i.id = a.initiative_id"
                    " join person p on p.id = a.person_id join unit u on u.id = a.counted_unit_id"
                )
            ),
            "grants": Counter(
                self._rows(
                    "select a.username, g.role, u.code, g.valid_from, g.valid_to,"
                    " g.revoked_at is not null from role_grant g"
                    " join account a on a.id = g.account_id join unit u on u.id = g.unit_id"
                )
            ),
            "works": self._keyed(
                "select i.number, c.code, u.code, i.state, i.version, p.ordinal, w.code,"
                " i.published_at is not null, array(select p.code from authorship a join person p"
                " on p.id = a.person_id where a.initiative_id = i.id order by 1)"
                " from initiative i join campaign c on c.id = i.campaign_id"
                " join unit u on u.id = i.unit_id left join phase p on p.id = i.phase_id"
                " left join unit w on w.id = i.awaits_id"
            ),
            "reviews": Counter(
                self._rows(
                    "select i.number, u.code, a.username, r.decision, w.code from review r"
                    " join initiative i on i.id = r.initiative_id join unit u on u.id = r.unit_id"
                    " join account a on a.id = r.account_id"
                    " left join unit w on w.id = r.acting_unit_id"
                )
            ),
            "makers": Counter(
                self._rows(
                    "select i.number, a.username from initiative_maker m"
                    " join initiative i on i.id = m.initiative_id"
                    " join account a on a.id = m.account_id"
                )
            ),
            "sheets": Counter(
                self._rows(
                    "select i.number, a.username, u.code, s.scores::text, s.review_id is null"
                    " from review_sheet s join initiative i on i.id = s.initiative_id"
                    " join account a on a.id = s.account_id join unit u on u.id = s.unit_id"
                )
            ),
            "campaigns": self._keyed(
                "select c.code, u.code, c.counts_from, c.confirming_level, c.applied_from,"
                " c.applied_to, c.version from campaign c join unit u on u.id = c.owner_id"
            ),
            "phases": self._keyed(
                "select c.code || p.ordinal, p.opens_on, p.closes_on, p.version,"
                " p.frozen_at is not null from phase p join campaign c on c.id = p.campaign_id"
            ),
            "overrides": self._keyed(
                "select c.code || p.ordinal || u.code, o.opens_on, o.closes_on, o.version"
                " from window_override o join phase p on p.id = o.phase_id"
                " join campaign c on c.id = p.campaign_id join unit u on u.id = o.unit_id"
            ),
            "targets": self._keyed(
                "select c.code || p.ordinal || u.code, t.assigned, t.registered, t.version"
                " from target t join phase p on p.id = t.phase_id"
                " join campaign c on c.id = p.campaign_id join unit u on u.id = t.unit_id"
            ),
            "awards": self._rows("select count(*) from award")[0][0],
            "drives": self._rows("select count(*) from drive")[0][0],
            "adjustments": Counter(
                self._rows(
                    "select a.kind, c.code, p.ordinal, u.code, a.gained from adjustment a"
                    " join phase p on p.id = a.phase_id join campaign c on c.id = p.campaign_id"
                    " join unit u on u.id = a.unit_id"
                )
            ),
            "results": self._keyed(
                "select c.code || p.ordinal || u.code, (r.figures ->> 'achieved')::int"
                " from phase_result r join phase p on p.id = r.phase_id"
                " join campaign c on c.id = p.campaign_id join unit u on u.id = r.unit_id"
            ),
            "totals": self._totals(),
        }

    def refusals(self) -> int:
        """Return the number of refused attempts in the audit log."""
        return int(self._rows("select count(*) from audit_event where kind = 'REFUSED'")[0][0])

    def _keyed(self, query: str) -> dict[str, tuple[Any, ...]]:
        return {row[0]: tuple(row[1:]) for row in self._rows(query)}

    def _totals(self) -> dict[tuple[str, str, int], Counter[str]]:
        names = ("submitted", "recognised", "confirmed", "returned", "rejected", "achieved")
        columns = (*names, "participants")
        sums = ", ".join(f"sum({name})::int" for name in columns)
        rows = self._rows(
            f"select u.code, c.code, r.ordinal, {sums} from rollup r"
            " join unit u on u.id = r.unit_id join campaign c on c.id = r.campaign_id"
            " where r.ordinal > 0 group by u.code, c.code, r.ordinal"
        )
        found = {tuple(row[:3]): +Counter(dict(zip(columns, row[3:], strict=True))) for row in rows}
        return {key: counted for key, counted in found.items() if counted}


def expected(p: Programme) -> dict[str, Any]:
    """Return the model's state in the form of `Stored`."""
    phases = {
        (code, ordinal): phase
        for code, campaign in p.campaigns.items()
        for ordinal, phase in campaign.phases.items()
    }
    totals = {(unit, *at): p.totals(unit, *at) for unit in p.units for at in phases}
    return {
        "units": {
            code: (one.level, one.parent, one.members, one.closed, one.merged_into, one.version)
            for code, one in p.units.items()
        },
        "homes": {one: (unit, p.person_version[one]) for one, unit in p.home.items()},
        "memberships": Counter(
            (person, *span) for person, spans in p.homes.items() for span in spans
        ),
        "counted": Counter(
            (number, *at) for number, one in p.works.items() for at in one.counted.items()
        ),
        "grants": Counter(
            (one.account, one.role, one.unit, one.first, one.last, one.revoked) for one in p.grants
        ),
        "works": {
            number: (
                *(one.campaign, one.unit, one.state, one.version, one.phase, one.awaits),
                *(one.published, sorted(one.authors)),
            )
            for number, one in p.works.items()
        },
        "reviews": Counter(
            (number, *decision) for number, one in p.works.items() for decision in one.decisions
        ),
        "makers": Counter((number, who) for number, one in p.works.items() for who in one.makers),
        "sheets": Counter(
            (number, account, unit, json.dumps(scores, ensure_ascii=False, sort_keys=True), open_)
            for number, one in p.works.items()
            for account, unit, scores, open_ in (
                *((account, *sheet, True) for account, sheet in one.sheets.items()),
                *((*sheet, False) for sheet in one.kept),
            )
        ),
        "campaigns": {
            code: (one.owner, one.counts_from, one.confirming, *one.applied, one.version)
            for code, one in p.campaigns.items()
        },
        "phases": {
            f"{code}{n}": (one.first, one.last, one.version, one.results is not None)
            for (code, n), one in phases.items()
        },
        "overrides": {
            f"{code}{n}{unit}": override
            for (code, n), one in phases.items()
            for unit, override in one.overrides.items()
        },
        "targets": {f"{code}{n}{unit}": one for (unit, code, n), one in p.targets.items()},
        "awards": len(p.awards),
        "drives": sum(len(phase.drives) for phase in phases.values()),
        "adjustments": p.adjustments,
        "results": {f"{code}{n}{unit}": (a,) for (code, n, unit), a in p.results().items()},
        "totals": {key: counted for key, counted in totals.items() if counted},
    }
