"""The permission table against the matrix of the programme, and its consequences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.permissions import PERMISSIONS, Grant, Permission, Reach, Scope, contains, scopes
from db.models.enums import Role

P = Permission

# The matrix, column by column: each role's permissions in the subtree of its grant's unit.
SUBTREE = {
    Role.MEMBER: set(),
    Role.SUPPORT: {P.UNIT_READ, P.INITIATIVE_READ, P.PERSON_READ, P.INITIATIVE_WRITE},
    Role.OFFICER: {
        P.UNIT_READ,
        P.STANDING_READ,
        P.INITIATIVE_READ,
        P.CONTENT_READ,
        P.PERSON_READ,
        P.INITIATIVE_WRITE,
        P.PERSON_MANAGE,
        P.TARGET_REGISTER,
        P.INITIATIVE_CURATE,
        P.AWARD_GRANT,
    },
    Role.COUNCIL: {P.UNIT_READ, P.INITIATIVE_READ, P.CONTENT_READ},
    Role.ADMIN: {
        P.UNIT_READ,
        P.STANDING_READ,
        P.INITIATIVE_READ,
        P.PERSON_READ,
        P.TARGET_ASSIGN,
        P.TARGET_REGISTER,
        P.CAMPAIGN_MANAGE,
        P.INITIATIVE_CURATE,
        P.AWARD_GRANT,
        P.UNIT_MANAGE,
        P.PERSON_MANAGE,
        P.ACCOUNT_MANAGE,
        P.GRANT_MANAGE,
        P.GRANT_READ,
        P.AUDIT_READ,
        P.EXPORT,
        P.VERIFY,
    },
    Role.AUDITOR: {
        P.UNIT_READ,
        P.INITIATIVE_READ,
        P.PERSON_MASKED,
        P.GRANT_READ,
        P.AUDIT_READ,
        P.EXPORT,
        P.VERIFY,
    },
}
UNIT_ALONE = {
    Role.MEMBER: {P.UNIT_READ},
    Role.OFFICER: {P.INITIATIVE_REVIEW},
    Role.COUNCIL: {P.INITIATIVE_REVIEW},
    Role.ADMIN: {P.INITIATIVE_REVIEW},
}


@pytest.mark.parametrize("role", Role)
def test_the_table_is_the_matrix(role):
    by_reach = {
        reach: {name for name, held in PERMISSIONS[role].items() if held is reach}
        for reach in Reach
    }
    assert by_reach[Reach.SUBTREE] == SUBTREE[role]
    assert by_reach[Reach.UNIT] == UNIT_ALONE.get(role, set())
    assert by_reach[Reach.OWN] == ({P.INITIATIVE_OWN} if role is Role.MEMBER else set())


def test_every_permission_is_somebodys():
    assert {name for held in PERMISSIONS.values() for name in held} == set(Permission)


def test_without_grants_the_root_alone_is_seen():
    assert scopes([], "1") == {P.UNIT_READ: Scope(units=("1",))}


paths = st.lists(st.integers(1, 3), min_size=0, max_size=3).map(
    lambda labels: ".".join(map(str, [1, *labels]))
)
grants = st.lists(st.builds(Grant, st.sampled_from(list(Role)), paths), max_size=5)


def holds(scope, path):
    return path in scope.units or any(contains(top, path) for top in scope.subtrees)


@given(grants, st.builds(Grant, st.sampled_from(list(Role)), paths), paths)
def test_another_grant_never_takes_anything_away(held, another, path):
    before, after = scopes(held, "1"), scopes([*held, another], "1")
    for permission, scope in before.items():
        assert not holds(scope, path) or holds(after[permission], path)
        assert not scope.own or after[permission].own


@given(grants, paths)
def test_a_scope_holds_where_a_grant_says_and_nowhere_else(held, path):
    found = scopes(held, None)
    for permission in Permission:
        expected = any(
            (
                PERMISSIONS[grant.role].get(permission) is Reach.SUBTREE
                and contains(grant.path, path)
            )
            or (PERMISSIONS[grant.role].get(permission) is Reach.UNIT and grant.path == path)
            for grant in held
        )
        assert holds(found.get(permission, Scope()), path) == expected


@given(grants)
def test_no_subtree_of_a_scope_lies_within_another(held):
    for scope in scopes(held, "1").values():
        for top in scope.subtrees:
            assert not any(other != top and contains(other, top) for other in scope.subtrees)
            assert not any(contains(top, unit) for unit in scope.units)
