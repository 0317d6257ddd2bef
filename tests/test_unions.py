"""A client can query every member of a result in one document without aliases."""

from collections import defaultdict

import pytest
from graphql import GraphQLUnionType, get_named_type

from schema.build import SCHEMA

MUTATIONS = SCHEMA._schema.mutation_type.fields


def clashes(union: GraphQLUnionType) -> dict[str, dict[str, list[str]]]:
    """Return fields of one name and several shapes: by name, by shape, the members."""
    shapes: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for member in union.types:
        for name, field in member.fields.items():
            shapes[name][str(field.type)].append(member.name)
    return {name: dict(found) for name, found in shapes.items() if len(found) > 1}


@pytest.mark.parametrize("name", MUTATIONS)
def test_fields_of_one_name_have_one_shape_in_all_members_of_a_result(name):
    union = get_named_type(MUTATIONS[name].type)
    assert isinstance(union, GraphQLUnionType)
    assert clashes(union) == {}
