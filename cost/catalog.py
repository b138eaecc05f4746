"""The price table: one dated, sourced row per service, dimension, region and tier.

The files in `data/` are the source; they are written by hand and tested as data.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from cost import cache
from cost.errors import InvalidCatalog
from cost.markup import estimated
from cost.price import COLUMNS, CONFIDENCES, Missing, Price, Tier

DATA: Final = Path(__file__).parent / "data"

Key = tuple[str, str, str]
"""Service, dimension, region."""


@dataclass(frozen=True)
class PriceCatalog:
    """List prices in USD, before tax."""

    prices: Mapping[Key, Price]

    @classmethod
    def load(cls, directory: Path = DATA, own: Path | None = None) -> "PriceCatalog":
        """All rows of the CSV files in `directory`; raises `InvalidCatalog` with file and line.

        Those in `own`, which were read from AWS on this machine, come before them. It is the user's cache
        (`cost.cache`) where nothing else is said and the prices are the kit's.
        """
        carried = cls.of(price for file in sorted(directory.glob("*.csv")) for price in _prices(file))
        if own is None:
            own = cache.directory() if directory == DATA else None
        if own is None or not own.is_dir():
            return carried
        try:
            fresh = cls.of(price for file in sorted(own.glob("[a-z]*.csv")) for price in _prices(file))
        except InvalidCatalog as error:
            raise InvalidCatalog(
                f"{own}: {error} These prices were read from AWS; remove the file, or run: modelyard cost refresh"
            ) from None
        return cls({**carried.prices, **fresh.prices})

    @classmethod
    def of(cls, prices: Iterable[Price]) -> "PriceCatalog":
        """A catalogue of these prices; raises `InvalidCatalog` where one is there twice."""
        table: dict[Key, Price] = {}
        for price in prices:
            key = (price.service, price.dimension, price.region)
            if key in table:
                raise InvalidCatalog(f"{price} has two prices; keep the more trusted one.")
            table[key] = price
        return cls(table)

    def price(self, service: str, dimension: str, region: str) -> Price | Missing:
        """The price of a service's dimension, such as ('sagemaker-hosting', 'ml.m5.large', 'us-east-1').

        Hosting whose own price is not held is estimated from EC2's, where the ratio is known; such a price says so
        in its confidence, source and note.
        """
        found = self.prices.get((service, dimension, region)) or self._estimated(service, dimension, region)
        if found is not None:
            return found
        elsewhere = self.regions(service, dimension)
        where = f"known only in {', '.join(elsewhere)}" if elsewhere else "known in no region"
        return Missing(
            service, dimension, region, f"No list price of {service} {dimension} in {region}; {where}."
        )

    def _estimated(self, service: str, dimension: str, region: str) -> Price | None:
        ec2 = self.prices.get(("ec2", dimension.removeprefix("ml."), region))
        return estimated(ec2) if service == "sagemaker-hosting" and ec2 is not None else None

    def regions(self, service: str, dimension: str) -> list[str]:
        """The regions that a price is held for."""
        return sorted(region for held, of, region in self.prices if (held, of) == (service, dimension))


def _prices(file: Path) -> Iterator[Price]:
    """Rows of one price are consecutive, in the order of their tiers."""
    with file.open(newline="", encoding="utf-8") as stream:
        rows = csv.reader(stream)
        header = tuple(next(rows, ()))
        if header != COLUMNS:
            raise InvalidCatalog(f"{file.name}: columns are {','.join(header)}; write {','.join(COLUMNS)}.")
        head: tuple[str, str, str, str] | None = None
        tiers: list[Tier] = []
        for row in rows:
            where = f"{file.name}:{rows.line_num}"
            if len(row) != len(COLUMNS):
                raise InvalidCatalog(
                    f"{where}: {len(row)} columns; write {len(COLUMNS)}: {','.join(COLUMNS)}."
                )
            service, dimension, region, unit = row[:4]
            if head != (service, dimension, region, unit):
                if head is not None:
                    yield Price(*head, tuple(tiers))
                head, tiers = (service, dimension, region, unit), []
            tiers.append(_tier(row, where))
        if head is not None:
            yield Price(*head, tuple(tiers))


def _tier(row: list[str], where: str) -> Tier:
    start, end, usd, source, as_of, confidence, note = row[4:]
    try:
        tier = Tier(
            usd=Decimal(usd),
            source=source,
            as_of=as_of,
            confidence=confidence,
            note=note,
            start=Decimal(start or 0),
            end=Decimal(end) if end else None,
        )
    except InvalidOperation:
        raise InvalidCatalog(
            f"{where}: a number is not one ({start!r}, {end!r}, {usd!r}); write 0.115."
        ) from None
    if not (tier.usd.is_finite() and tier.usd > 0):
        raise InvalidCatalog(
            f"{where}: usd is {usd}; a price is above 0: leave the row out where it is not known."
        )
    if not source or not as_of or confidence not in CONFIDENCES:
        raise InvalidCatalog(f"{where}: source, as_of and confidence ({', '.join(CONFIDENCES)}) are needed.")
    return tier
