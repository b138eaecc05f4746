"""A budget on AWS for what an environment really costs: AWS tells its addresses when it comes near.

AWS Budgets asks nothing for a budget that only notifies, and needs no role. It sees an environment by the tag
`modelyard:environment`, which every resource carries; AWS counts by a tag only once the payer of the account has
activated it as a cost allocation tag (Billing, 'Cost allocation tags'), and then from that day on. Until then the
budget stays at 0.
"""

from typing import Final

from infra import naming
from infra.blueprint.resource import Resource
from infra.environment import Environment

NAME: Final = "month"
TAG: Final = "modelyard:environment"
NOTICES: Final = (("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100))
"""What is told: the kind of spending, and the percentage of the budget above which it is told."""


def name_of(environment: Environment) -> str:
    """The budget's name; an account has its budgets for all of its regions."""
    return naming.suffixed(f"modelyard-{environment.name}-{environment.region}", NAME)


def is_wanted(environment: Environment) -> bool:
    """Whether there is a budget, and somebody to tell."""
    return environment.monthly_budget_usd is not None and bool(environment.budget_emails)


def is_offered(environment: Environment) -> bool:
    """Whether the partition has budgets: what GovCloud costs is told in the account of AWS that it belongs to."""
    return environment.partition != "aws-us-gov"


def budget(environment: Environment) -> tuple[Resource, ...]:
    """The environment's budget; nothing where it has none, or nobody to tell."""
    if not is_wanted(environment):
        return ()
    return (
        Resource(
            "aws_budgets_budget",
            NAME,
            {
                "name": name_of(environment),
                "budget_type": "COST",
                "time_unit": "MONTHLY",
                "limit_amount": f"{environment.monthly_budget_usd:f}",
                "limit_unit": "USD",
                # Environments of the same name in two regions of one account are counted together: several tags in
                # this filter are alternatives, and the provider 5.x has no other.
                "cost_filter": [{"name": "TagKeyValue", "values": [f"user:{TAG}${environment.name}"]}],
                "notification": [
                    {
                        "notification_type": kind,
                        "comparison_operator": "GREATER_THAN",
                        "threshold": percent,
                        "threshold_type": "PERCENTAGE",
                        "subscriber_email_addresses": list(environment.budget_emails),
                    }
                    for kind, percent in NOTICES
                ],
            },
        ),
    )
