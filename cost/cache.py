"""Prices that were read from AWS on this machine, which come before those that the kit carries.

One CSV file a region, in the form of `data/`, in the user's own cache: `$MODELYARD_PRICES`, else
`$XDG_CACHE_HOME/modelyard/prices`, else `~/.cache/modelyard/prices`.
"""

import csv
import os
import tempfile
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path

from cost.amount import plain
from cost.price import COLUMNS, Price


def directory(variables: Mapping[str, str] = os.environ) -> Path:
    """Where they lie; it need not exist."""
    if variables.get("MODELYARD_PRICES"):
        return Path(variables["MODELYARD_PRICES"])
    home = variables.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "modelyard" / "prices"


def write(region: str, prices: Iterable[Price], folder: Path) -> Path:
    """The region's prices in the place of those before, whole or not at all; the file."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=f".{region}-")
    try:
        with os.fdopen(descriptor, "w", newline="", encoding="utf-8") as stream:
            rows = csv.writer(stream, lineterminator="\n")
            rows.writerow(COLUMNS)
            for price in sorted(prices, key=lambda price: (price.service, price.dimension)):
                rows.writerows(_rows(price))
        return Path(name).replace(folder / f"{region}.csv")
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _rows(price: Price) -> Iterable[tuple[str, ...]]:
    for tier in price.tiers:
        yield (
            price.service,
            price.dimension,
            price.region,
            price.unit,
            _number(tier.start) if len(price.tiers) > 1 else "",
            "" if tier.end is None else _number(tier.end),
            _number(tier.usd),
            tier.source,
            tier.as_of,
            tier.confidence,
            tier.note,
        )


def _number(value: Decimal) -> str:
    return plain(value).replace(",", "")
