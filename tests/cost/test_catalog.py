from decimal import Decimal
from pathlib import Path

import pytest

from cost import Missing, Price, PriceCatalog, Tier
from cost.catalog import COLUMNS
from cost.errors import InvalidCatalog

HEADER = ",".join(COLUMNS)
GOOD = "sagemaker-hosting,ml.m5.large,us-east-1,instance-hour,,,0.115,a bill,2026-05-08,A,seen twice"


def write(directory: Path, *lines: str) -> Path:
    (directory / "prices.csv").write_text("\n".join([HEADER, *lines, ""]))
    return directory


def test_a_price_has_source_date_and_confidence(tmp_path: Path) -> None:
    catalog = PriceCatalog.load(write(tmp_path, GOOD))
    assert catalog.price("sagemaker-hosting", "ml.m5.large", "us-east-1") == Price(
        "sagemaker-hosting",
        "ml.m5.large",
        "us-east-1",
        "instance-hour",
        (Tier(Decimal("0.115"), "a bill", "2026-05-08", "A", "seen twice"),),
    )


def test_a_missing_region_says_where_a_price_is_held(tmp_path: Path) -> None:
    catalog = PriceCatalog.load(write(tmp_path, GOOD))
    assert catalog.price("sagemaker-hosting", "ml.m5.large", "eu-south-1") == Missing(
        "sagemaker-hosting",
        "ml.m5.large",
        "eu-south-1",
        "No list price of sagemaker-hosting ml.m5.large in eu-south-1; known only in us-east-1.",
    )


def test_a_missing_dimension_is_known_nowhere() -> None:
    found = PriceCatalog.of([]).price("lambda", "requests", "us-east-1")
    assert isinstance(found, Missing)
    assert found.reason == "No list price of lambda requests in us-east-1; known in no region."


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (GOOD.replace("0.115", "0"), "prices.csv:2: usd is 0; a price is above 0"),
        (GOOD.replace("0.115", "-1"), "prices.csv:2: usd is -1; a price is above 0"),
        (GOOD.replace("0.115", "NaN"), "prices.csv:2: usd is NaN"),
        (GOOD.replace("0.115", "cheap"), "prices.csv:2: a number is not one"),
        (GOOD.replace("a bill", ""), "prices.csv:2: source, as_of and confidence"),
        (GOOD.replace("2026-05-08", ""), "prices.csv:2: source, as_of and confidence"),
        (GOOD.replace(",A,", ",Z,"), r"confidence \(A, B, C\) are needed"),
        (GOOD + ",", "prices.csv:2: 12 columns; write 11"),
        (GOOD.replace("instance-hour", "fortnight"), "unit 'fortnight' is unknown"),
        (GOOD.replace(",,,", ",5,,"), "a tier begins at 5; it must begin at 0"),
        (GOOD.replace(",,,", ",0,0,"), "a tier from 0 ends at 0; it must end above"),
    ],
)
def test_a_bad_row_names_file_and_line(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(InvalidCatalog, match=message):
        PriceCatalog.load(write(tmp_path, line))


def test_a_price_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    (tmp_path / "more.csv").write_text(f"{HEADER}\n{GOOD}\n")
    with pytest.raises(InvalidCatalog, match="has two prices"):
        PriceCatalog.load(tmp_path)


def test_other_columns_are_refused(tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text("region,usd\n")
    with pytest.raises(InvalidCatalog, match="columns are region,usd; write service,dimension"):
        PriceCatalog.load(tmp_path)


def test_a_gap_between_tiers_is_refused() -> None:
    tiers = (
        Tier(Decimal(2), "a", "2026", "A", end=Decimal(10)),
        Tier(Decimal(1), "a", "2026", "A", start=Decimal(11)),
    )
    with pytest.raises(InvalidCatalog, match="a tier begins at 11; it must begin at 10"):
        Price("lambda", "requests", "us-east-1", "request", tiers)
