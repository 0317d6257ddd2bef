"""Mutations of emulation blocs."""

from typing import Annotated

import strawberry

from db import queries
from db.commands import blocs
from schema.compiler.commands import mutation
from schema.compiler.fields import sql
from schema.errors import Refusal
from schema.inputs import code, key, line
from schema.scalars import Permission
from schema.units import EmulationBloc


@strawberry.input
class CreateBlocInput:
    """The values of a new emulation bloc."""

    code: str = code(description="The bloc's code, which no other bloc has.")
    name: str = line(300, description="The bloc's name.")
    idempotency_key: str | None = key()


@strawberry.input
class UpdateBlocInput:
    """The change of an emulation bloc."""

    bloc: str = line(40, description="The bloc's code.")
    name: str = line(300, description="The new name.")
    idempotency_key: str | None = key()


@strawberry.type
class BlocPayload:
    """The emulation bloc after the mutation."""

    @sql(queries.units.bloc)
    def bloc(self) -> EmulationBloc | None:
        """The emulation bloc. Null where the caller may not see it."""


CreateBlocResult = Annotated[BlocPayload | Refusal, strawberry.union("CreateBlocResult")]
UpdateBlocResult = Annotated[BlocPayload | Refusal, strawberry.union("UpdateBlocResult")]


@strawberry.type
class BlocMutations:
    """Emulation blocs; `createUnit` and `updateUnit` put units into them."""

    @mutation(blocs.create, Permission.UNIT_MANAGE)
    def create_bloc(self, input: CreateBlocInput) -> CreateBlocResult:
        """Create an emulation bloc. The permission is needed at the root."""

    @mutation(blocs.update, Permission.UNIT_MANAGE)
    def update_bloc(self, input: UpdateBlocInput) -> UpdateBlocResult:
        """Rename an emulation bloc. The permission is needed at the root."""
