"""No action outside the role matrix succeeds, and every one inside does: each cell is tried."""

from datetime import date
from itertools import count

import pytest

from schema.build import SCHEMA
from tests.model import cells
from tests.model.cells import CELLS, PLACES
from tests.model.played import Played, camel

ROLES = ("MEMBER", "SUPPORT", "OFFICER", "COUNCIL", "ADMIN", "AUDITOR")
S = {"unit", "inside"}  # in the subtree of the grant's unit
OWN = {"own"}  # the account's own record
U = {"unit"}  # where it awaits the grant's own unit
_AUTHORS = {"MEMBER": OWN, "SUPPORT": S, "OFFICER": S}
_REVIEW = {"OFFICER": U, "COUNCIL": U, "ADMIN": U}
_ADMIN = {"ADMIN": S}
_CURATE = {"OFFICER": S, "ADMIN": S}

# PROGRAMME.md, "Who may do what", row by row for mutations: the reach by role. Roles that are not
# named, accounts without a role grant and anonymous callers may not.
MATRIX = {
    # draft, edit, submit, withdraw
    "draft_initiative": _AUTHORS,
    "edit_initiative": _AUTHORS,
    "submit_initiative": _AUTHORS,
    "withdraw_initiative": _AUTHORS,
    # review where it awaits the grant's own unit
    "review_initiative": _REVIEW,
    "review_initiatives": _REVIEW,
    "score_initiative": _REVIEW,
    # assign targets to direct children, override windows, drives
    "assign_targets": _ADMIN,
    "distribute_target": _ADMIN,
    "override_phase_window": _ADMIN,
    "add_drive": _ADMIN,
    # register a unit's own target
    "register_target": {"OFFICER": S, "ADMIN": S},
    # create and change campaigns and phases, at the owner unit
    "create_campaign": _ADMIN,
    "update_campaign": _ADMIN,
    "add_phase": _ADMIN,
    "update_phase": _ADMIN,
    "freeze_phase": _ADMIN,
    # link duplicates, award, publish
    "link_duplicate": _CURATE,
    "grant_award": _CURATE,
    "publish_initiative": _CURATE,
    # create, move, merge, close units; grant and revoke roles
    "create_unit": _ADMIN,
    "update_unit": _ADMIN,
    "move_unit": _ADMIN,
    "merge_units": _ADMIN,
    "close_unit": _ADMIN,
    # people, also by officers; their accounts; emulation blocs, by admins of the root
    "add_person": _CURATE,
    "update_person": _CURATE,
    "move_person": _CURATE,
    "create_account": _ADMIN,
    "update_account": _ADMIN,
    "invite_account": _ADMIN,
    "create_bloc": {},
    "update_bloc": {},
    "grant_role": _ADMIN,
    "revoke_role": _ADMIN,
    # access tokens: the account's own only, within what it sees
    "create_access_token": {
        "MEMBER": {"unit", "own"},
        **dict.fromkeys(("SUPPORT", "OFFICER", "COUNCIL", "ADMIN"), S),
    },
    "revoke_access_token": {"MEMBER": OWN},
    # applications: the account's own, and service accounts whose role grants it manages
    "revoke_authorization": {"MEMBER": OWN, "ADMIN": S},
    "revoke_client": _ADMIN,
}
_AUTHORED = [name for name, roles in MATRIX.items() if "MEMBER" in roles]
_numbers = count()


def test_the_matrix_has_every_mutation():
    assert {camel(name) for name in MATRIX} == set(SCHEMA._schema.mutation_type.fields)
    assert MATRIX.keys() == CELLS.keys()


@pytest.fixture
def played(server, template):
    nation = Played(server, template, f"matrix_{next(_numbers)}", cells.TODAY)
    yield nation
    nation.close()


def attempt(played, who, name, place, person=None):
    """Return the type of an account's result for a valid input at a place."""
    unit = PLACES.get(place, "FA")
    own = {"author": person} if place == "own" else {}
    given = CELLS[name](played, unit, **own)
    if name == "review_initiatives":
        type_, _ = answer = played.do(who, name, given)
        # Of several decisions the first rejected one has the reason.
        return ("Forbidden", answer[1]) if type_ == "DecisionRefused" else answer
    if name == "score_initiative":
        # A sheet names no unit: NOT_AWAITED means that the initiative awaits another unit.
        answer = played.do(who, name, given)
        return ("Forbidden", "FORBIDDEN") if answer == ("ReviewRejected", "NOT_AWAITED") else answer
    return played.do(who, name, given)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_what_the_matrix_says_and_nothing_else(played, role):
    person = cells.member(played, "FA")
    who = cells.account(played, person)
    cells.grant(played, who, role, "FA")
    wrong = []
    for name, roles in MATRIX.items():
        for place in [*PLACES, *(["own"] if name in _AUTHORED and role == "MEMBER" else [])]:
            type_, code = attempt(played, who, name, place, person)
            allowed = place in roles.get(role, set())
            if role == "AUDITOR":
                expected = (type_, code) == ("Forbidden", "AUDITOR")
            elif allowed:
                expected = type_.endswith("Payload")
            else:
                expected = (type_, code) in (
                    ("Forbidden", "FORBIDDEN"),
                    ("NotFound", "NOT_FOUND"),
                    ("Forbidden", "NOT_FOUND"),
                )
            if not expected:
                wrong.append((name, place, allowed, type_, code))
    assert wrong == []
    assert played.recounted() == 0


@pytest.mark.parametrize(("who", "code"), [("nobody", "FORBIDDEN"), (None, "SIGN_IN")])
def test_without_a_grant_nothing_is_allowed(played, who, code):
    answers = {
        (name, place): attempt(played, who, name, place) for name in MATRIX for place in PLACES
    }
    assert {cell: answer for cell, answer in answers.items() if answer != ("Forbidden", code)} == {}


@pytest.mark.parametrize("role", ROLES)
def test_an_admin_gives_and_takes_any_role_in_its_subtree_but_none_of_its_own(played, role):
    who, other = cells.account(played, cells.member(played, "FA")), cells.account(played)
    own = {("ADMIN", "FA"): cells.grant(played, who, "ADMIN", "FA")}
    for unit in (PLACES["unit"], PLACES["inside"]):
        given = {"role": role, "unit": unit, "valid_from": date(2030, 1, 1)}
        to_itself = played.do(who, "grant_role", given | {"username": who})
        assert to_itself == ("Forbidden", "OWN_GRANT")
        assert played.do(who, "grant_role", given | {"username": other})[0] == "GrantPayload"
        theirs = played.rows("select max(id) from role_grant")[0][0]
        taken = played.do(who, "revoke_role", {"grant": theirs, "reason": "x"})
        assert taken[0] == "GrantPayload"
        if role != "AUDITOR":  # which would end all its permissions
            held = own.get((role, unit)) or cells.grant(played, who, role, unit)
            kept = played.do(who, "revoke_role", {"grant": held, "reason": "x"})
            assert kept == ("Forbidden", "OWN_GRANT")
