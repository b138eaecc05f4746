"""What is estimated where no price is held, and how it says so."""

from decimal import Decimal

import pytest

from cost import Ec2InstanceHours, Estimate, InstanceHours, Missing, Price, PriceCatalog, Rate, Tier, Total
from cost.markup import markups, ratio
from cost.price import ESTIMATED

D = Decimal
REGION = "ap-south-1"


def price(service: str, dimension: str, usd: str, region: str = REGION) -> Price:
    return Price(
        service, dimension, region, "instance-hour", (Tier(D(usd), "a price list", "2026-05-08", "A"),)
    )


CATALOG = PriceCatalog.of(
    [
        price("ec2", "m5.large", "0.101"),
        price("ec2", "g5.xlarge", "1.208"),
        price("ec2", "r5.large", "0.13"),
        price("ec2", "c5.large", "0.085"),
        price("sagemaker-hosting", "ml.c5.large", "0.103"),
    ]
)


def hours(instance_type: str) -> InstanceHours:
    return InstanceHours(region=REGION, instance_type=instance_type, hours=730)


def test_hosting_without_a_price_is_ec2s_times_the_known_ratio_and_says_so() -> None:
    found = Estimate.of([hours("ml.m5.large")], CATALOG)
    (line,) = found.lines
    assert line.usd == D("88.48")  # 0.101 USD times 1.20 for 730 hours, which is 88.476
    assert line.estimated and line.confidence == ESTIMATED
    assert line.description.endswith("(estimated)")
    assert "estimate and no price" in line.note and "0.101 USD in ap-south-1 times 1.2" in line.note
    assert "as observed elsewhere" in line.source and line.source.endswith("a price list")
    assert line.as_of == "2026-05-08"
    assert found.total == Total(D("88.48"), at_least=False, estimated=True)
    assert str(found.total) == "about 88.48"


def test_a_price_that_is_held_is_never_estimated() -> None:
    found = Estimate.of([hours("ml.c5.large")], CATALOG)
    assert (found.total, found.lines[0].confidence) == (Total(D("75.19"), at_least=False), "A")


def test_a_family_without_a_known_ratio_stays_missing() -> None:
    assert isinstance(CATALOG.price("sagemaker-hosting", "ml.r5.large", REGION), Missing)
    found = Estimate.of([hours("ml.r5.large"), hours("ml.m5.large")], CATALOG)
    assert str(found.total) == "at least about 88.48"


def test_nothing_but_hosting_is_estimated() -> None:
    bought = Ec2InstanceHours(region=REGION, instance_type="m5.xlarge", hours=1)
    assert Estimate.of([bought], CATALOG).total.at_least
    assert isinstance(CATALOG.price("sagemaker-hosting", "data in", REGION), Missing)


def test_a_unit_price_is_labelled_too() -> None:
    rate = Rate.of("an hour", [hours("ml.g5.xlarge")], CATALOG)
    assert (rate.usd, rate.confidence) == (D("1.208") * D("1.40") * 730, ESTIMATED)


@pytest.mark.parametrize(
    ("instance_type", "expected"),
    [
        ("m5.24xlarge", "1.20"),
        ("g4dn.xlarge", "1.40"),
        ("g4dn.2xlarge", "1.25"),
        ("p3.8xlarge", "1.20"),
        ("p3dn.24xlarge", None),
        ("inf2.xlarge", "1.31"),
        ("m5d.large", None),
    ],
)
def test_the_ratio_is_that_of_the_size_and_else_of_the_family(
    instance_type: str, expected: str | None
) -> None:
    assert ratio(instance_type) == (None if expected is None else D(expected))


def test_every_ratio_was_seen_in_the_prices_that_are_held() -> None:
    """Each row is that of at least one pair of trusted prices, to one per cent."""
    held = PriceCatalog.load()
    seen: dict[tuple[str, str], list[D]] = {}
    for (service, dimension, region), hosted in held.prices.items():
        ec2 = held.prices.get(("ec2", dimension.removeprefix("ml."), region))
        if service == "sagemaker-hosting" and ec2 is not None and "stale" not in hosted.tiers[0].note:
            family, _, size = ec2.dimension.partition(".")
            key = (family, size) if (family, size) in markups() else (family, "")
            seen.setdefault(key, []).append(hosted.usd / ec2.usd)
    for key, times in markups().items():
        assert seen[key] and all(abs(one - times) < D("0.01") for one in seen[key]), key
