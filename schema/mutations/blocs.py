"""Emulation blocs: created and renamed."""

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


@strawberry.input(description="A new emulation bloc.")
class CreateBlocInput:
    """A new emulation bloc."""

    code: str = code(description="The bloc's code, which no other bloc has.")
    name: str = line(300, description="The bloc's name.")
    idempotency_key: str | None = key()


@strawberry.input(description="Another name for an emulation bloc.")
class UpdateBlocInput:
    """Another name for an emulation bloc."""

    bloc: str = line(40, description="The bloc's code.")
    name: str = line(300, description="The new name.")
    idempotency_key: str | None = key()


@strawberry.type(description="The emulation bloc as the mutation left it.")
class BlocPayload:
    """The emulation bloc as the mutation left it."""

    @sql(queries.units.bloc)
    def bloc(self) -> EmulationBloc | None:
        """The emulation bloc."""


CreateBlocResult = Annotated[BlocPayload | Refusal, strawberry.union("CreateBlocResult")]
UpdateBlocResult = Annotated[BlocPayload | Refusal, strawberry.union("UpdateBlocResult")]


@strawberry.type
class BlocMutations:
    """Emulation blocs; `createUnit` and `updateUnit` put units into them."""

    @mutation(blocs.create, Permission.UNIT_MANAGE)
    def create_bloc(self, input: CreateBlocInput) -> CreateBlocResult:
        """Create an emulation bloc; it takes UNIT_MANAGE at the root."""

    @mutation(blocs.update, Permission.UNIT_MANAGE)
    def update_bloc(self, input: UpdateBlocInput) -> UpdateBlocResult:
        """Rename an emulation bloc; it takes UNIT_MANAGE at the root."""
