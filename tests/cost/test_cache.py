"""Prices that were read from AWS on this machine."""

from decimal import Decimal
from pathlib import Path

import pytest

from cost import Price, PriceCatalog, Tier, cache
from cost.errors import InvalidCatalog

D = Decimal


def price(usd: str = "0.121", source: str = "AWS price list") -> Price:
    tiers = (Tier(D(usd), source, "2026-11-12", "A"),)
    return Price("sagemaker-hosting", "ml.m5.large", "us-east-1", "instance-hour", tiers)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    tiers = (
        Tier(D("0.0000166667"), "AWS", "2026-11-03", "A", "with, commas", end=D(6_000_000_000)),
        Tier(D("0.000015"), "AWS", "2026-11-03", "A", start=D(6_000_000_000)),
    )
    duration = Price("lambda", "duration x86", "us-east-1", "GB-second", tiers)
    file = cache.write("us-east-1", [price(), duration], tmp_path)
    assert file == tmp_path / "us-east-1.csv"
    found = PriceCatalog.load(tmp_path)
    assert found.price("lambda", "duration x86", "us-east-1") == duration
    assert found.price("sagemaker-hosting", "ml.m5.large", "us-east-1") == price()


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    file = cache.write("us-east-1", [price()], tmp_path)
    before = file.read_bytes()
    unwritable = price(source="\ud800")  # a lone surrogate has no UTF-8
    with pytest.raises(UnicodeEncodeError):
        cache.write("us-east-1", [unwritable], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["us-east-1.csv"]
    assert file.read_bytes() == before


def test_a_write_that_was_killed_is_not_read(tmp_path: Path) -> None:
    cache.write("us-east-1", [price()], tmp_path)
    (tmp_path / ".us-east-1-abc").write_text("half a l")
    assert PriceCatalog.load(own=tmp_path).price("sagemaker-hosting", "ml.m5.large", "us-east-1") == price()


def test_a_file_that_does_not_hold_together_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "us-east-1.csv").write_text("service\n")
    with pytest.raises(
        InvalidCatalog, match=r"us-east-1\.csv: columns are service; .* run: modelyard cost refresh"
    ) as caught:
        PriceCatalog.load(own=tmp_path)
    assert "\n" not in str(caught.value)


def test_they_lie_in_the_users_cache_unless_told_otherwise() -> None:
    assert cache.directory({"MODELYARD_PRICES": "/p"}) == Path("/p")
    assert cache.directory({"XDG_CACHE_HOME": "/c"}) == Path("/c/modelyard/prices")
    assert cache.directory({}) == Path.home() / ".cache" / "modelyard" / "prices"
