"""The limits of a token: always a subset of its owner's permissions."""

import json
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from auth.narrowing import WHOLE, Narrowing, narrowed
from auth.permissions import WRITES, Permission, Scope, contains, granted, scopes
from auth.principal import principal
from tests.test_permissions import grants, holds, paths

DAY = date(2022, 10, 21)
subsets = st.none() | st.frozensets(st.sampled_from(list(Permission)))
narrowings = st.builds(
    Narrowing, permissions=subsets, top=st.none() | paths, read_only=st.booleans()
)


def made(held, narrowing, root_path="1"):
    """The principal of an account with these role grants."""
    told = [
        {"role": grant.role, "path": grant.path, "from": "2022-01-01", "to": None} for grant in held
    ]
    profile = {
        "id": 7,
        "username": "x",
        "kind": "PERSON",
        "person_id": 9,
        "version": 1,
        "root_path": root_path,
        "grants": json.dumps(told),
    }
    return principal(profile, DAY, DAY, narrowing)


@given(grants, narrowings, paths, st.sampled_from(list(Permission)))
def test_it_holds_where_the_owner_may_and_the_token_is_for_and_nowhere_else(
    held, narrowing, path, permission
):
    whole = granted(held)
    part = narrowed(whole, narrowing)
    expected = (
        holds(whole.get(permission, Scope()), path)
        and (narrowing.permissions is None or permission in narrowing.permissions)
        and (narrowing.top is None or contains(narrowing.top, path))
    )
    assert holds(part.get(permission, Scope()), path) == expected


@given(grants, narrowings)
def test_of_a_subtree_within_the_owners_it_holds_exactly_that(held, narrowing):
    whole, part = granted(held), narrowed(granted(held), narrowing)
    for permission, scope in part.items():
        tops = whole[permission].subtrees
        if narrowing.top and any(contains(top, narrowing.top) for top in tops):
            assert scope == Scope((narrowing.top,))
        if narrowing.top is None:
            assert scope == whole[permission]


@given(grants, narrowings)
def test_no_subtree_of_a_narrowed_scope_lies_within_another(held, narrowing):
    for scope in narrowed(granted(held), narrowing).values():
        for top in scope.subtrees:
            assert not any(other != top and contains(other, top) for other in scope.subtrees)
            assert not any(contains(top, unit) for unit in scope.units)


@given(grants, narrowings)
def test_ones_own_records_are_nowhere_in_particular(held, narrowing):
    whole = Permission.INITIATIVE_OWN in granted(held)
    asked = narrowing.permissions is None or Permission.INITIATIVE_OWN in narrowing.permissions
    own = made(held, narrowing).caller.person_id is not None
    assert own == (whole and asked and narrowing.top is None)


@given(grants)
def test_nothing_taken_away_is_what_the_owner_has(held):
    assert made(held, WHOLE).scopes == scopes(held, "1")


@given(grants, narrowings)
def test_a_token_never_has_more_than_its_owner_nor_less_than_a_stranger(held, narrowing):
    owner, part, stranger = made(held, WHOLE), made(held, narrowing), made([], WHOLE)
    for path in ("1", "1.1", "1.2", "1.1.1", "1.2.3", "1.3.3.3"):
        for permission in Permission:
            assert not part.may(permission, path) or owner.may(permission, path)
            assert not part.caller.may(permission.lower(), path) or owner.caller.may(
                permission.lower(), path
            )
            assert not stranger.may(permission, path) or part.may(permission, path)


@given(grants, narrowings)
def test_one_that_only_reads_has_nothing_to_write_by(held, narrowing):
    part = made(held, narrowing)
    if narrowing.read_only:
        assert part.caller.writes == {}
        assert part.caller.writing is None
        assert not part.may_anywhere(*WRITES)
        assert not any(permission in part.caller.can for permission in WRITES)
    else:
        assert part.is_auditor or part.caller.writes
    assert part.caller.keeps_tokens is False


@given(grants, narrowings)
def test_an_auditor_stays_one_whatever_the_token_is_for(held, narrowing):
    whole, part = made(held, WHOLE), made(held, narrowing)
    assert part.is_auditor == whole.is_auditor
    if whole.is_auditor:
        assert part.caller.writes == {}
        assert not whole.caller.keeps_tokens


def test_a_permission_that_there_is_no_more_allows_nothing():
    limits = {"permissions": ["UNIT_READ", "FORMER"], "top": None, "read_only": False}
    assert Narrowing.of(limits) == Narrowing(frozenset({Permission.UNIT_READ}))
