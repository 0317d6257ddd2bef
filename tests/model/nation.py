"""A small nation: nine units, a campaign with two phases, people in every role."""

from datetime import date
from typing import NamedTuple

import psycopg
from psycopg.types.json import Jsonb

CAMPAIGN = "C"
PHASES = {1: (date(2022, 1, 1), date(2022, 3, 31)), 2: (date(2022, 4, 1), date(2022, 12, 31))}
APPLIED = (date(2021, 1, 1), date(2022, 12, 31))
CONFIRMING = "FEDERATION"
RUBRIC = {"Hay": 10, "Tính mới": 5}
# Code: level, parent.
UNITS = {
    "R": ("CONFEDERATION", None),
    "FA": ("FEDERATION", "R"),
    "FB": ("FEDERATION", "R"),
    "UA": ("UPPER", "FA"),
    "UB": ("UPPER", "FA"),
    "GA1": ("GRASSROOTS", "UA"),
    "GA2": ("GRASSROOTS", "UA"),
    "GA3": ("GRASSROOTS", "FA"),
    "GB1": ("GRASSROOTS", "FB"),
}
# Member's code: unit.
PEOPLE = {"P1": "GA1", "P2": "GA1", "P3": "GA2", "P4": "GA3", "P5": "GB1", "P6": "FA"}


class Who(NamedTuple):
    """An account: its person, and a role at each of some units."""

    person: str | None
    grants: tuple[tuple[str, str], ...]


ACCOUNTS = {
    "admin-r": Who("S-admin-r", (("ADMIN", "R"),)),
    "admin-fa": Who("S-admin-fa", (("ADMIN", "FA"),)),
    "admin-fb": Who("S-admin-fb", (("ADMIN", "FB"),)),
    "officer-ua": Who("S-officer-ua", (("OFFICER", "UA"),)),
    "officer-ga1": Who("P2", (("OFFICER", "GA1"), ("MEMBER", "GA1"))),
    "council-fa": Who("S-council-fa", (("COUNCIL", "FA"),)),
    "council-fb": Who("S-council-fb", (("COUNCIL", "FB"),)),
    "officer-fa": Who("P6", (("OFFICER", "FA"),)),
    "support-ga1": Who("S-support-ga1", (("SUPPORT", "GA1"),)),
    "member-ga1": Who("P1", (("MEMBER", "GA1"),)),
    "member-ga2": Who("P3", (("MEMBER", "GA2"),)),
    "member-gb1": Who("P5", (("MEMBER", "GB1"),)),
    "officer-ga2": Who("S-officer-ga2", (("OFFICER", "GA2"),)),
    "officer-ga3": Who("S-officer-ga3", (("OFFICER", "GA3"),)),
    "officer-gb1": Who("S-officer-gb1", (("OFFICER", "GB1"),)),
    "auditor-r": Who(None, (("AUDITOR", "R"),)),
    "auditor-admin": Who(None, (("AUDITOR", "FA"), ("ADMIN", "R"))),
    "admin-r2": Who(None, (("ADMIN", "R"),)),
    "admin-ua": Who("S-admin-ua", (("ADMIN", "UA"),)),
    "nobody": Who(None, ()),
}

# Those with an account who are no author in the model: all belong to the root.
STAFF = {who.person: "R" for who in ACCOUNTS.values() if who.person and who.person not in PEOPLE}


def found(url: str) -> None:
    """Insert the nation into an empty migrated database, as the owner."""
    with psycopg.connect(url) as connection:
        write = connection.execute
        for code, (level, parent) in UNITS.items():
            write(
                "insert into unit (code, name, level, parent_id, valid_from, member_count)"
                " values (%s, %s, %s, (select id from unit where code = %s), '2020-01-01', 10)",
                (code, f"Công đoàn {code}", level, parent),
            )
        write(
            "insert into campaign (code, title, owner_id, counts_from, confirming_level,"
            " applied_from, applied_to, rubric)"
            " select %s, 'Chiến dịch', id, 'RECOGNISED', %s, %s, %s, %s from unit where code = 'R'",
            (CAMPAIGN, CONFIRMING, *APPLIED, Jsonb(RUBRIC)),
        )
        for ordinal, (opens_on, closes_on) in PHASES.items():
            write(
                "insert into phase (campaign_id, ordinal, title, opens_on, closes_on)"
                " values (1, %s, 'Đợt', %s, %s)",
                (ordinal, opens_on, closes_on),
            )
        for code, unit in (PEOPLE | STAFF).items():
            write(
                "insert into person (code, name, unit_id, sector)"
                " select %s, %s, id, 'PRODUCTION' from unit where code = %s",
                (code, f"Người {code}", unit),
            )
        for username, who in ACCOUNTS.items():
            write(
                "insert into account (username, kind, person_id)"
                " values (%s, 'PERSON', (select id from person where code = %s))",
                (username, who.person),
            )
            for role, unit in who.grants:
                write(
                    "insert into role_grant (account_id, role, unit_id, valid_from)"
                    " select a.id, %s, u.id, '2020-01-01' from account a, unit u"
                    " where a.username = %s and u.code = %s",
                    (role, username, unit),
                )
