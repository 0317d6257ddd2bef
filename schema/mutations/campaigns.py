"""Mutations of campaigns."""

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
from schema.inputs import code, key, line, prose, read_version, several, whole
from schema.scalars import VND, CountsFrom, Permission, UnitLevel


def _named_from(field: Any) -> Any:
    # `from` is a keyword in Python.
    field.graphql_name = "from"
    return field


@strawberry.input
class BenefitTierInput:
    """A benefit tier: a range of VND, both ends included. Tiers may overlap."""

    label: str = line(
        100,
        description="The tier's name, unique in the campaign. A tier with the same label is the"
        " same tier after an update.",
    )
    from_: VND = _named_from(whole(description="The lowest benefit of the tier, in VND, included."))
    to: VND | None = strawberry.field(
        default=None,
        description="The highest benefit of the tier, in VND, included. Omitted or null: no"
        " upper bound.",
    )


@strawberry.input
class CriterionInput:
    """A criterion of the rubric."""

    criterion: str = line(100, description="The criterion's name, unique in the campaign.")
    most: int = whole(1, 1_000, description="The highest score that a review may give for it.")


def _tiers() -> Any:
    return several(
        most=20,
        once=lambda tier: tier.label,
        default=None,
        description="The benefit tiers in their order, each label once.",
    )


def _rubric() -> Any:
    return several(
        most=20,
        once=lambda line: line.criterion,
        default=None,
        description="The criteria of the rubric, each once.",
    )


@strawberry.input
class CreateCampaignInput:
    """The values of a new campaign of a unit and its subtree."""

    code: str = code(description="The campaign's code, which no other campaign has.")
    title: str = line(300, description="The campaign's title.")
    owner: str = line(40, description="The code of the unit that runs it.")
    counts_from: CountsFrom = strawberry.field(
        description="The state from which an initiative counts as achieved."
    )
    applied_from: date = strawberry.field(
        description="The first day on which an initiative may have been applied."
    )
    applied_to: date = strawberry.field(
        description="The last day on which an initiative may have been applied, included; not"
        " before `appliedFrom`."
    )
    confirming_level: UnitLevel | None = strawberry.field(
        default=UNSET, description="The level of the last decision. Omitted: FEDERATION."
    )
    tiers: list[BenefitTierInput] | None = _tiers()
    rubric: list[CriterionInput] | None = _rubric()
    rubric_required: bool | None = strawberry.field(
        default=UNSET,
        description="Whether every criterion of the rubric must have a score before an"
        " approval. Omitted: false.",
    )
    idempotency_key: str | None = key()


@strawberry.input
class UpdateCampaignInput:
    """The changes of a campaign.

    Omitted fields stay; `tiers` and `rubric` replace the whole list.
    """

    code: str = line(40, description="The campaign's code.")
    version: int | None = read_version("campaign")
    title: str | None = line(300, default=None, description="The campaign's title.")
    counts_from: CountsFrom | None = strawberry.field(
        default=UNSET,
        description="The state from which an initiative counts as achieved. All totals change"
        " at once.",
    )
    confirming_level: UnitLevel | None = strawberry.field(
        default=UNSET,
        description=(
            "The level of the last decision. Where the level that an initiative awaits"
            " no longer decides, it awaits the last level that does, even if that level"
            " has decided already: nothing is confirmed without a decision."
        ),
    )
    applied_from: date | None = strawberry.field(
        default=UNSET, description="The first day on which an initiative may have been applied."
    )
    applied_to: date | None = strawberry.field(
        default=UNSET,
        description="The last day on which an initiative may have been applied, included; not"
        " before `appliedFrom`.",
    )
    tiers: list[BenefitTierInput] | None = _tiers()
    rubric: list[CriterionInput] | None = _rubric()
    rubric_required: bool | None = strawberry.field(
        default=UNSET,
        description="Whether every criterion of the rubric must have a score before an approval"
        " from now on.",
    )
    reason: str | None = prose(
        2_000,
        default=None,
        description="The reason. Required where `countsFrom` or `tiers` change the figures of"
        " closed phases.",
    )
    idempotency_key: str | None = key()


@strawberry.type
class CampaignPayload:
    """The campaign after the mutation."""

    @sql(queries.campaigns.of_row)
    def campaign(self) -> Campaign:
        """The campaign with its new values."""


@shows(CampaignRejectedError)
@strawberry.type
class CampaignRejected(Failure):
    """A rule for campaigns does not allow the mutation; `code` and `message` name it."""


CreateCampaignResult = Annotated[
    CampaignPayload | CampaignRejected | Refusal, strawberry.union("CreateCampaignResult")
]
UpdateCampaignResult = Annotated[
    CampaignPayload | CampaignRejected | Refusal, strawberry.union("UpdateCampaignResult")
]


@strawberry.type
class CampaignMutations:
    """Mutations of campaigns."""

    @mutation(campaigns.create, Permission.CAMPAIGN_MANAGE)
    def create_campaign(self, input: CreateCampaignInput) -> CreateCampaignResult:
        """Create a campaign without phases. The permission is needed at the owner unit."""

    @mutation(campaigns.update, Permission.CAMPAIGN_MANAGE, seconds=UNHURRIED)
    def update_campaign(self, input: UpdateCampaignInput) -> UpdateCampaignResult:
        """Change a campaign. The permission is needed at the owner unit.

        Totals follow at once where the change concerns what is counted.
        """
