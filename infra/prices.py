"""AWS's live price list into the user's own cache: by `pricing:GetProducts` with credentials, else the public list."""

import io
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, Final

from cost import Price, PriceCatalog, cache, offers
from cost.amount import dollars
from cost.offers import EC2, EC2_PLAIN, OFFERS, Edition, Product
from infra.errors import Misuse, ModelyardError

HOST: Final = "https://pricing.us-east-1.amazonaws.com"
TIMEOUT_SECONDS: Final = 60

Fetch = Callable[[str], IO[bytes]]
"""Opens a URL; raises OSError where it cannot."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Change:
    """A price that AWS asks now; `before` is what the kit carries, None where it carries none."""

    price: Price
    before: Price | None

    @property
    def line(self) -> str:
        """`sagemaker-hosting ml.m5.large: 0.115 -> 0.12 USD per instance-hour`."""
        now, before = self.price, "" if self.before is None else f"{dollars(self.before.usd)} -> "
        return f"{now.service} {now.dimension}: {before}{dollars(now.usd)} USD per {now.unit}"


@dataclass(frozen=True)
class Refreshed:
    """What was read and kept in `file`: every price, and against what the kit carries."""

    region: str
    file: Path
    editions: Mapping[str, Edition]
    changed: tuple[Change, ...]
    new: tuple[Change, ...]
    same: int

    def to_json(self) -> dict[str, Any]:
        """As JSON takes it; amounts are strings."""
        return {
            "region": self.region,
            "file": str(self.file),
            "editions": {name: found._asdict() for name, found in self.editions.items()},
            "changed": [_json(change) for change in self.changed],
            "new": [_json(change) for change in self.new],
            "same": self.same,
        }


def refresh(
    region: str,
    say: Say,
    *,
    folder: Path | None = None,
    client: Callable[[], Any] | None = None,
    fetch: Fetch | None = None,
) -> Refreshed:
    """Read what AWS asks in `region` now, and keep it; from then on every bill uses it.

    `client` gives boto3's `pricing`, or None without credentials; `fetch` opens a URL of the public list. Nothing is
    written unless all was read. Raises `Misuse` for a region that AWS's list does not have, `ModelyardError` where
    the list cannot be read.
    """
    asked = (client or credentialed)()
    found = None if asked is None else _by_api(asked, region, say)
    found = found or _by_list(fetch or https, region, say)
    prices = [price for _, priced in found.values() for price in priced]
    # Where one offer gave nothing, its form is not the one that is known here.
    empty = [offer for offer, (_, priced) in found.items() if not priced]
    if empty:
        raise ModelyardError(
            f"AWS's price list of {', '.join(empty)} for {region} has nothing that is known here, so its form may have "
            "changed; the prices stay as they were."
        )
    file = cache.write(region, prices, folder or cache.directory())
    carried = PriceCatalog.load(own=file.parent / "none").prices
    pairs = [Change(price, carried.get((price.service, price.dimension, region))) for price in prices]
    return Refreshed(
        region=region,
        file=file,
        editions={offer: listed for offer, (listed, _) in found.items()},
        changed=tuple(
            pair
            for pair in pairs
            if pair.before is not None and _amounts(pair.before) != _amounts(pair.price)
        ),
        new=tuple(pair for pair in pairs if pair.before is None),
        same=sum(pair.before is not None and _amounts(pair.before) == _amounts(pair.price) for pair in pairs),
    )


Found = dict[str, tuple[Edition, list[Price]]]


def credentialed() -> Any:
    """boto3's client of the price list; None where no credentials are found."""
    import boto3

    session = boto3.Session()
    # The price list is asked in one region for all.
    return session.client("pricing", region_name="us-east-1") if session.get_credentials() else None


def https(url: str) -> IO[bytes]:
    """The public list, over https."""
    if not url.startswith("https://"):
        raise ValueError(f"{url} is not https")
    opened: IO[bytes] = urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS)  # noqa: S310  https only
    return opened


def _by_api(client: Any, region: str, say: Say) -> Found | None:
    """By GetProducts; None where the credentials do not allow it, so that the public list is read."""
    from botocore.exceptions import BotoCoreError, ClientError

    found: Found = {}
    try:
        for offer in OFFERS:
            say(f"asking AWS for {offer} in {region}")
            wanted = {"regionCode": region, **(EC2_PLAIN if offer == EC2 else {})}
            filters = [
                {"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in wanted.items()
            ]
            pages = client.get_paginator("get_products").paginate(
                ServiceCode=offer, Filters=filters, FormatVersion="aws_v1"
            )
            answers = [offers.of_answer(text) for page in pages for text in page["PriceList"]]
            if not answers:
                raise Misuse(
                    f"AWS's price list has nothing of {offer} in region {region!r}; name a region that AWS has."
                )
            listed = max(edition for edition, _ in answers)
            found[offer] = (listed, _priced(offer, (product for _, product in answers), region, listed))
    except (BotoCoreError, ClientError) as error:
        say(f"AWS does not answer with these credentials ({error}); reading its public list instead")
        return None
    except (KeyError, ValueError, ArithmeticError) as error:
        raise _unreadable(offer, error) from None
    return found


def _by_list(fetch: Fetch, region: str, say: Say) -> Found:
    found: Found = {}
    for offer in OFFERS:
        try:
            regions = _json_of(fetch, f"{HOST}/offers/v1.0/aws/{offer}/current/region_index.json")["regions"]
            if region not in regions:
                raise Misuse(
                    f"AWS's price list has no {offer} in region {region!r}; it has {', '.join(sorted(regions))}."
                )
            url = HOST + regions[region]["currentVersionUrl"]
            say(f"reading {offer} in {region}" + (", some hundred MB" if offer == EC2 else ""))
            # EC2's list is too large to be held: as CSV it is read row by row.
            read = _table if offer == EC2 else _file
            found[offer] = read(fetch, url, offer, region)
        except (KeyError, ValueError, ArithmeticError, TypeError) as error:
            raise _unreadable(offer, error) from None
        except (OSError, EOFError) as error:
            reason = getattr(error, "reason", None) or error
            raise ModelyardError(
                f"AWS's price list ({HOST}) cannot be read: {reason}; check the network. The prices stay as they were."
            ) from None
    return found


def _file(fetch: Fetch, url: str, offer: str, region: str) -> tuple[Edition, list[Price]]:
    document = _json_of(fetch, url)
    listed = offers.edition(document)
    return listed, _priced(offer, offers.of_file(document), region, listed)


def _table(fetch: Fetch, url: str, offer: str, region: str) -> tuple[Edition, list[Price]]:
    with closing(fetch(url.removesuffix(".json") + ".csv")) as stream:
        listed, products = offers.of_table(_lines(stream))
        return listed, _priced(offer, products, region, listed)


def _lines(stream: IO[bytes]) -> Iterator[str]:
    for line in stream:
        yield line.decode("utf-8")


def _json_of(fetch: Fetch, url: str) -> Any:
    with closing(fetch(url)) as stream:
        return json.load(io.TextIOWrapper(stream, "utf-8"))


def _priced(offer: str, products: Iterable[Product], region: str, listed: Edition) -> list[Price]:
    return list(offers.prices(offer, products, region, listed).values())


def _amounts(price: Price) -> list[tuple[Decimal, Decimal, Decimal | None]]:
    return [(tier.usd, tier.start, tier.end) for tier in price.tiers]


def _unreadable(offer: str, error: Exception) -> ModelyardError:
    return ModelyardError(
        f"AWS's price list of {offer} is not as it is known here ({type(error).__name__}: {error}); the prices stay as "
        "they were."
    )


def _json(change: Change) -> dict[str, Any]:
    price, before = change.price, change.before
    return {
        "service": price.service,
        "dimension": price.dimension,
        "unit": price.unit,
        "before": None if before is None else str(before.usd),
        "usd": str(price.usd),
    }
