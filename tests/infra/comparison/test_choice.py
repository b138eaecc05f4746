from pathlib import Path

import pytest

from cost import PriceCatalog, machines
from cost.comparison.plans import plans
from infra.comparison.choice import KINDS, among, slug
from infra.errors import Misuse

CATALOG = PriceCatalog.load()


def names(types: list[str], kinds: list[str], region: str = "us-east-1") -> set[str]:
    return {plan.name for plan in among(CATALOG, region, types, kinds)}


def test_all_plans_of_the_region_are_compared_unless_some_are_named() -> None:
    assert names([], []) == {plan.name for plan in plans(CATALOG, "us-east-1")}


def test_the_readme_says_how_many_there_are() -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text()
    assert f"the cheapest of {len(among(CATALOG, 'us-east-1', [], []))} plans" in readme


def test_every_kind_of_plan_can_be_named() -> None:
    assert {plan.kind for plan in plans(CATALOG, "us-east-1")} == {kind.kind for kind in KINDS}
    assert names([], ["Lambda", "sagemaker-serverless"]) == {
        plan.name for plan in plans(CATALOG, "us-east-1") if plan.kind in ("Lambda", "SageMaker Serverless")
    }
    assert slug("async to zero") == "async-to-zero"


def test_types_and_families_are_named_with_or_without_ml() -> None:
    found = names(["ml.m5.large", "c5"], ["always-on"])
    assert "always-on ml.m5.large" in found and "always-on ml.m5.xlarge" not in found
    assert found - {"always-on ml.m5.large"} == {
        f"always-on ml.{name}" for name, machine in machines().items() if machine.family == "c5"
    }
    assert {"spot batch m5.large", "Lambda 512 MB", "always-on ml.m5.large"} <= names(["m5.large"], [])
    assert "always-on ml.c5.large" not in names(["m5.large"], [])


def test_a_named_type_without_a_price_is_there() -> None:
    assert "always-on ml.p4d.24xlarge" in names(["p4d.24xlarge"], [], "eu-west-1")


@pytest.mark.parametrize(
    ("types", "kinds", "region", "message"),
    [
        (
            ["ml.m5.huge"],
            [],
            "us-east-1",
            "--instance-types names 'ml.m5.huge', which is not known; allowed are",
        ),
        (
            [],
            ["serverless"],
            "us-east-1",
            "--plans names 'serverless', which is not known; allowed are always-on, auto",
        ),
        ([], [], "mars-north-1", "No prices are held for region 'mars-north-1'; held are ap-northeast-1"),
        ([], [], "us-eats-1", "did you mean us-east-1?"),
        ([], [], "sa-east-1", "where AWS has it, run: modelyard cost refresh --region sa-east-1"),
    ],
)
def test_what_is_unknown_is_one_line(types: list[str], kinds: list[str], region: str, message: str) -> None:
    with pytest.raises(Misuse) as caught:
        among(CATALOG, region, types, kinds)
    assert message in str(caught.value) and "\n" not in str(caught.value)
