"""Arguments shared by several fields, with their descriptions."""

from typing import Annotated

import strawberry

CampaignCode = Annotated[str, strawberry.argument(description="The campaign's code.")]
PhaseOrdinal = Annotated[
    int, strawberry.argument(description="The phase's ordinal in the campaign, from 1.")
]
AnyPhase = Annotated[
    int | None,
    strawberry.argument(
        description="The phase's ordinal in the campaign, from 1. Null: the whole campaign."
    ),
]
UnitCode = Annotated[str, strawberry.argument(description="The unit's code.")]
