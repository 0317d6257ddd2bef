"""Campaigns: created and changed."""

from datetime import date
from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from db import queries
from db.commands import campaigns
from db.rules.campaign import CampaignRejectedError
from db.transactions import UNHURRIED
from schema.campaigns import Campaign
from schema.compiler.commands import mutation
from schema.compiler.fields import sql
from schema.errors import Failure, Refusal, shows
from schema.inputs import code, key, line, prose, several, whole
from schema.scalars import VND, CountsFrom, Permission, UnitLevel


def _named_from(field: Any) -> Any:
    # `from` is no name in Python.
    field.graphql_name = "from"
    return field


@strawberry.input(description="A band of benefit in VND, both ends included.")
class BenefitTierInput:
    """A band of benefit in VND, both ends included; bands may overlap."""

    label: str = line(100, description="What a tier remains the same by when others change.")
    from_: VND = _named_from(whole())
    to: VND | None = strawberry.field(default=None, description="Open where unsaid.")


@strawberry.input(description="A line of the rubric.")
class CriterionInput:
    """A line of the rubric."""

    criterion: str = line(100)
    most: int = whole(1, 1_000, description="The highest score.")


def _tiers() -> Any:
    return several(most=20, once=lambda tier: tier.label, default=None, description="In order.")


def _rubric() -> Any:
    return several(most=20, once=lambda line: line.criterion, default=None)


@strawberry.input(description="A campaign of a unit and everything below it.")
class CreateCampaignInput:
    """A new campaign."""

    code: str = code()
    title: str = line(300)
    owner: str = line(40, description="The code of the unit that runs it.")
    counts_from: CountsFrom
    applied_from: date
    applied_to: date
    confirming_level: UnitLevel | None = strawberry.field(
        default=UNSET, description="The last to decide; FEDERATION where unsaid."
    )
    tiers: list[BenefitTierInput] | None = _tiers()
    rubric: list[CriterionInput] | None = _rubric()
    rubric_required: bool | None = strawberry.field(
        default=UNSET,
        description="Whether an approval scores every criterion of the rubric; false where unsaid.",
    )
    idempotency_key: str | None = key()


@strawberry.input(description="What is left out stays; `tiers` and `rubric` are given whole.")
class UpdateCampaignInput:
    """Changes of a campaign."""

    code: str = line(40)
    version: int | None = strawberry.field(default=UNSET, description="As it was last seen.")
    title: str | None = line(300, default=None)
    counts_from: CountsFrom | None = UNSET
    confirming_level: UnitLevel | None = strawberry.field(
        default=UNSET,
        description=(
            "The last to decide. What then awaits nobody who decides awaits the last that does, "
            "even once more: nothing is confirmed without a decision."
        ),
    )
    applied_from: date | None = UNSET
    applied_to: date | None = UNSET
    tiers: list[BenefitTierInput] | None = _tiers()
    rubric: list[CriterionInput] | None = _rubric()
    rubric_required: bool | None = strawberry.field(
        default=UNSET,
        description="Whether an approval from now on scores every criterion of the rubric.",
    )
    reason: str | None = prose(
        2_000,
        default=None,
        description="Needed where `countsFrom` or `tiers` change what closed phases have reached.",
    )
    idempotency_key: str | None = key()


@strawberry.type(description="The campaign as it is now.")
class CampaignPayload:
    """The campaign as it is now."""

    @sql(queries.campaigns.of_row)
    def campaign(self) -> Campaign:
        """The campaign."""


@shows(CampaignRejectedError)
@strawberry.type(description="What the programme's rules for campaigns do not allow.")
class CampaignRejected(Failure):
    """What the programme's rules for campaigns do not allow."""


CreateCampaignResult = Annotated[
    CampaignPayload | CampaignRejected | Refusal, strawberry.union("CreateCampaignResult")
]
UpdateCampaignResult = Annotated[
    CampaignPayload | CampaignRejected | Refusal, strawberry.union("UpdateCampaignResult")
]


@strawberry.type
class CampaignMutations:
    """What administrators of a campaign's owner do."""

    @mutation(campaigns.create, Permission.CAMPAIGN_MANAGE)
    def create_campaign(self, input: CreateCampaignInput) -> CreateCampaignResult:
        """Create a campaign, without phases yet."""

    @mutation(campaigns.update, Permission.CAMPAIGN_MANAGE, seconds=UNHURRIED)
    def update_campaign(self, input: UpdateCampaignInput) -> UpdateCampaignResult:
        """Change a campaign; totals follow at once what it counts."""
