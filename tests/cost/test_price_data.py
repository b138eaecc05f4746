"""The price table itself, as data: apart from the code that reads it."""

import csv
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from cost.catalog import COLUMNS, DATA, PriceCatalog
from cost.free import free_tiers
from cost.machines import machines
from cost.price import CONFIDENCES, UNITS, Price

FILES = sorted(DATA.glob("*.csv"))
REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
ELSEWHERE = {"llm": {"global"}, "providers": {"aws", "azure", "gcp", "global"}}
"""Regions of what others than AWS sell."""
AS_OF = re.compile(r"20\d\d(-(0[1-9]|1[0-2])(-([0-2]\d|3[01]))?)?|undated( \(.+\))?")

# SageMaker hosting over EC2 on demand: an instance family's markup, for `xlarge` and for larger sizes.
# Observed over every pair in the table; a price that breaks it is wrong or stale.
MARKUPS = {
    "m5": ("1.20", "1.20"),
    "c5": ("1.20", "1.20"),
    "g4dn": ("1.40", "1.25"),
    "g5": ("1.40", "1.25"),
    "g6": ("1.40", "1.25"),
    "g6e": ("1.40", "1.25"),
    "g7e": ("1.40", "1.25"),
    "inf1": ("1.30", "1.30"),
    "inf2": ("1.31", "1.20"),
    "p4d": ("1.15", "1.15"),
    "p5": ("1.15", "1.15"),
}
P3_MARKUPS = {"2xlarge": "1.25", "8xlarge": "1.20", "16xlarge": "1.15"}
DOUBTED = ("stale", "doubtful")


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def catalog() -> PriceCatalog:
    return PriceCatalog.load()


def test_there_is_data() -> None:
    assert {file.stem for file in FILES} == {
        "ec2",
        "lambda",
        "llm",
        "providers",
        "sagemaker",
        "services",
        "spot",
    }


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_rows_are_tidy(file: Path) -> None:
    for number, row in enumerate(rows(file), start=2):
        where = f"{file.name}:{number}: {row}"
        assert tuple(row) == COLUMNS, where
        assert REGION.fullmatch(row["region"]) or row["region"] in ELSEWHERE.get(file.stem, ()), where
        assert row["unit"] in UNITS, where
        assert re.fullmatch(r"\d+(\.\d*[1-9])?", row["usd"]), where
        assert Decimal(row["usd"]) > 0, where
        assert AS_OF.fullmatch(row["as_of"]), where
        assert row["confidence"] in CONFIDENCES, where
        assert row["source"].strip(), where
        assert all(value == value.strip() for value in row.values()), where


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_rows_are_sorted_and_unique(file: Path) -> None:
    keys = [
        (row["service"], row["dimension"], row["region"], Decimal(row["tier_from"] or 0))
        for row in rows(file)
    ]
    assert keys == sorted(set(keys))


def test_every_row_is_loaded(catalog: PriceCatalog) -> None:
    assert sum(len(price.tiers) for price in catalog.prices.values()) == sum(
        len(rows(file)) for file in FILES
    )


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_what_can_no_longer_be_bought_has_no_row(file: Path) -> None:
    """Hugging Face's price list goes on with 'deprecated from July 2025'; a comparison would recommend it."""
    assert not [row for row in csv.DictReader(file.open()) if "deprecated" in row["note"]]


def test_every_hosting_type_exists_on_sagemaker(catalog: PriceCatalog) -> None:
    from botocore.session import get_session

    shape = get_session().get_service_model("sagemaker").shape_for("ProductionVariantInstanceType")
    priced = {dimension for service, dimension, _ in catalog.prices if dimension.startswith("ml.")}
    assert priced <= set(shape.enum)


def pairs(catalog: PriceCatalog) -> Iterator[tuple[Price, Decimal]]:
    """Each hosting price that EC2's price of the same machine is held for, and their ratio."""
    for (service, dimension, region), price in catalog.prices.items():
        ec2 = catalog.price("ec2", dimension.removeprefix("ml."), region)
        if service == "sagemaker-hosting" and isinstance(ec2, Price):
            yield price, price.usd / ec2.usd


def expected_markup(price: Price) -> Decimal:
    family, size = price.dimension.removeprefix("ml.").split(".")
    if family == "p3":
        return Decimal(P3_MARKUPS[size])
    small, large = MARKUPS[family]
    return Decimal(small if size in ("large", "xlarge") else large)


def is_doubted(price: Price) -> bool:
    return any(word in price.tiers[0].note for word in DOUBTED)


def test_hosting_is_ec2_times_the_familys_markup(catalog: PriceCatalog) -> None:
    trusted = [(price, ratio) for price, ratio in pairs(catalog) if not is_doubted(price)]
    assert len(trusted) >= 50
    for price, ratio in trusted:
        assert abs(ratio - expected_markup(price)) < Decimal("0.01"), f"{price}: {ratio:.3f}"


def test_the_doubts_in_the_notes_are_still_due(catalog: PriceCatalog) -> None:
    doubted = [(price, ratio) for price, ratio in pairs(catalog) if is_doubted(price)]
    assert doubted
    for price, ratio in doubted:
        assert abs(ratio - expected_markup(price)) > Decimal("0.1"), (
            f"{price} is in order; take its note away"
        )


def test_lambda_tiers_are_awss(catalog: PriceCatalog) -> None:
    """6, then 9 billion GB-seconds on x86; 7.5, then 11.25 billion on arm64."""
    edges = {"x86": (6, 15), "arm64": (Decimal("7.5"), Decimal("18.75"))}
    for architecture, (first, second) in edges.items():
        price = catalog.price("lambda", f"duration {architecture}", "us-east-1")
        assert isinstance(price, Price)
        billion = 10**9
        assert [tier.end for tier in price.tiers] == [first * billion, second * billion, None]
        assert [tier.usd for tier in price.tiers] == sorted((tier.usd for tier in price.tiers), reverse=True)


def test_a_spot_price_is_at_most_on_demand_and_says_what_it_is(catalog: PriceCatalog) -> None:
    spot = {key: price for key, price in catalog.prices.items() if key[0] == "ec2-spot"}
    assert len(spot) > 150
    for (_, instance_type, region), price in spot.items():
        on_demand = catalog.price("ec2", instance_type, region)
        assert isinstance(on_demand, Price), price
        assert price.usd <= on_demand.usd + Decimal("0.0001"), price
        assert "an order of magnitude" in price.tiers[0].note, price
        assert price.tiers[0].confidence == "C", price


def test_a_read_from_cache_is_never_dearer_than_input(catalog: PriceCatalog) -> None:
    cached = [key[1] for key in catalog.prices if key[0] == "llm" and key[1].endswith("cached input")]
    assert len(cached) > 50
    for dimension in cached:
        read = catalog.price("llm", dimension, "global")
        fresh = catalog.price("llm", dimension.replace("cached input", "input"), "global")
        assert isinstance(read, Price) and isinstance(fresh, Price)
        assert read.usd < fresh.usd, dimension


def test_every_priced_machine_has_its_size(catalog: PriceCatalog) -> None:
    priced = {dimension for service, dimension, _ in catalog.prices if service in ("ec2", "ec2-spot")}
    hosted = {
        dimension.removeprefix("ml.") for _, dimension, _ in catalog.prices if dimension.startswith("ml.")
    }
    assert priced | hosted <= set(machines())
    for machine in machines().values():
        assert machine.vcpus >= 2 and machine.memory_gib >= 4, machine
        assert bool(machine.gpu) == bool(machine.gpu_count) == bool(machine.gpu_memory_gib), machine
        assert (machine.cpu_baseline is not None) == (machine.family in ("t2", "t3")), machine


def test_a_free_tier_is_of_a_priced_dimension_in_its_unit(catalog: PriceCatalog) -> None:
    units = {(service, dimension): price.unit for (service, dimension, _), price in catalog.prices.items()}
    for tier in free_tiers():
        priced = {units[tier.service, name] for name in tier.dimensions if (tier.service, name) in units}
        assert priced == {tier.unit}, tier
        assert tier.quantity > 0 and tier.source and AS_OF.fullmatch(tier.as_of), tier
