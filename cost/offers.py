"""AWS's own price list, as it is published, into prices of ours.

Three forms of the same: an offer file of the bulk list (JSON), the same as CSV, and what `pricing:GetProducts`
answers. What is not known to be what we price is left out, and so is what costs nothing: a free tier is no price.
Source of the forms: AWS Billing User Guide, 'Reading the service price list files' and 'GetProducts'.
"""

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NamedTuple

from cost.machines import machines
from cost.price import Price, Tier

SAGEMAKER, LAMBDA, EC2 = "AmazonSageMaker", "AWSLambda", "AmazonEC2"
OFFERS: Final = (SAGEMAKER, LAMBDA, EC2)


class Slice(NamedTuple):
    """One price dimension: from `start` to `end` units (None is without end), `usd` each."""

    start: Decimal
    end: Decimal | None
    unit: str
    usd: Decimal


@dataclass(frozen=True)
class Product:
    """What is sold on demand: its attributes in AWS's words, and its prices."""

    family: str
    attributes: Mapping[str, str]
    slices: tuple[Slice, ...]


class Edition(NamedTuple):
    """Which list it was: AWS's version and date of publication."""

    version: str
    published: str


def edition(document: Mapping[str, Any]) -> Edition:
    """Of an offer file, or of an answer of GetProducts."""
    return Edition(str(document["version"]), str(document["publicationDate"])[:10])


def of_file(document: Mapping[str, Any]) -> Iterator[Product]:
    """The products of an offer file (index.json)."""
    terms = document["terms"].get("OnDemand", {})
    for sku, product in document["products"].items():
        yield _product(product, terms.get(sku, {}))


def of_answer(text: str) -> tuple[Edition, Product]:
    """One product of GetProducts, each of which is a text of its own."""
    item = json.loads(text)
    return edition(item), _product(item["product"], item["terms"].get("OnDemand", {}))


def of_table(lines: Iterable[str]) -> tuple[Edition, Iterator[Product]]:
    """An offer file as CSV (index.csv), row by row: EC2's is too large to hold. Five lines of its own come first."""
    rows = csv.reader(lines)
    head: dict[str, str] = {}
    for row in rows:
        if row and row[0] == "SKU":
            columns = [_TABLE.get(name, name) for name in row]
            return Edition(head["Version"], head["Publication Date"][:10]), _rows(rows, columns)
        if len(row) >= 2:
            head[row[0]] = row[1]
    raise KeyError("SKU")


_TABLE: Final = {
    "Product Family": "productFamily",
    "Instance Type": "instanceType",
    "Operating System": "operatingSystem",
    "Tenancy": "tenancy",
    "Pre Installed S/W": "preInstalledSw",
    "CapacityStatus": "capacitystatus",
    "MarketOption": "marketoption",
    "Region Code": "regionCode",
}
"""The columns of the CSV that are read, and what JSON calls them."""


def _rows(rows: Iterable[list[str]], columns: list[str]) -> Iterator[Product]:
    for row in rows:
        found = dict(zip(columns, row, strict=False))
        if found.get("TermType") == "OnDemand" and found.get("Currency") == "USD":
            part = _slice(found["StartingRange"], found["EndingRange"], found["Unit"], found["PricePerUnit"])
            yield Product(found["productFamily"], found, (part,))


def _product(product: Mapping[str, Any], terms: Mapping[str, Any]) -> Product:
    slices = [
        _slice(
            dimension["beginRange"],
            dimension["endRange"],
            dimension["unit"],
            dimension["pricePerUnit"]["USD"],
        )
        for term in terms.values()
        for dimension in term["priceDimensions"].values()
        if "USD" in dimension["pricePerUnit"]
    ]
    return Product(product.get("productFamily", ""), product["attributes"], tuple(slices))


def _slice(start: str, end: str, unit: str, usd: str) -> Slice:
    return Slice(Decimal(start or 0), None if end in ("Inf", "") else Decimal(end), unit, Decimal(usd))


class Known(NamedTuple):
    """What a product is in our own words."""

    service: str
    dimension: str
    unit: str


UNITS: Final[Mapping[str, frozenset[str]]] = {
    "instance-hour": frozenset({"Hrs"}),
    "request": frozenset({"Request", "Requests"}),
    "GB-second": frozenset({"Lambda-GB-Second", "GB-Second", "GB-Seconds"}),
    "second": frozenset({"Second", "Seconds", "second", "seconds"}),
    "GB": frozenset({"GB", "Processed-Gigabytes"}),
}
"""What AWS calls our units. A price in another unit is left out: it is not what we take it for."""

LAMBDA_GROUPS: Final = {
    "AWS-Lambda-Requests": Known("lambda", "requests", "request"),
    "AWS-Lambda-Duration": Known("lambda", "duration x86", "GB-second"),
    "AWS-Lambda-Duration-ARM": Known("lambda", "duration arm64", "GB-second"),
    "AWS-Lambda-Provisioned-Concurrency": Known("lambda", "provisioned concurrency x86", "GB-second"),
    "AWS-Lambda-Provisioned-Concurrency-ARM": Known("lambda", "provisioned concurrency arm64", "GB-second"),
    "AWS-Lambda-Duration-Provisioned": Known("lambda", "duration while provisioned x86", "GB-second"),
    "AWS-Lambda-Duration-Provisioned-ARM": Known("lambda", "duration while provisioned arm64", "GB-second"),
    "AWS-Lambda-Storage-Duration": Known("lambda", "ephemeral storage", "GB-second"),
    "AWS-Lambda-Processed-Bytes": Known("lambda", "response stream", "GB"),
}
_SERVERLESS: Final = re.compile(r"ServerlessInf:Mem-(\d+)GB$")
EC2_PLAIN: Final = {
    "operatingSystem": "Linux",
    "tenancy": "Shared",
    "preInstalledSw": "NA",
    "capacitystatus": "Used",
}
"""EC2's plain on-demand price: not of a reservation, a dedicated host, or with software on it."""


def _sagemaker(product: Product) -> Known | None:
    attributes = product.attributes
    name = attributes.get("instanceName", "")
    if attributes.get("component") == "Hosting" and name.startswith("ml."):
        return Known("sagemaker-hosting", name, "instance-hour")
    memory = _SERVERLESS.search(attributes.get("usagetype", ""))
    if product.family == "ML Serverless" and memory:
        return Known("sagemaker-serverless", f"inference {memory[1]} GB", "second")
    return None


def _lambda(product: Product) -> Known | None:
    # What is free for every account has the location 'Any'.
    return (
        None
        if product.attributes.get("location") == "Any"
        else LAMBDA_GROUPS.get(product.attributes.get("group", ""))
    )


def _ec2(product: Product) -> Known | None:
    attributes = product.attributes
    plain = all(attributes.get(key) == value for key, value in EC2_PLAIN.items())
    on_demand = attributes.get("marketoption", "OnDemand") in ("OnDemand", "")
    name = attributes.get("instanceType", "")
    if product.family == "Compute Instance" and plain and on_demand and name in machines():
        return Known("ec2", name, "instance-hour")
    return None


NAMED: Final[Mapping[str, Callable[[Product], Known | None]]] = {
    SAGEMAKER: _sagemaker,
    LAMBDA: _lambda,
    EC2: _ec2,
}


def prices(offer: str, products: Iterable[Product], region: str, listed: Edition) -> dict[Known, Price]:
    """What we price of an offer's products; the dearer where two products are the same to us."""
    found: dict[Known, Price] = {}
    for product in products:
        known = NAMED[offer](product)
        if known is None or product.attributes.get("regionCode", region) not in (region, ""):
            continue
        tiers = _tiers(product, known, f"AWS price list, {offer} {listed.version}", listed.published)
        if tiers and (known not in found or tiers[0].usd > found[known].usd):
            found[known] = Price(known.service, known.dimension, region, known.unit, tiers)
    return found


def _tiers(product: Product, known: Known, source: str, published: str) -> tuple[Tier, ...]:
    paid = sorted(part for part in product.slices if part.usd > 0 and part.unit in UNITS[known.unit])
    return tuple(
        Tier(
            usd=part.usd.normalize() + 0,
            source=source,
            as_of=published,
            confidence="A",
            # A free tier is laid over a price; it is no part of it.
            start=part.start if number else Decimal(0),
            end=part.end,
        )
        for number, part in enumerate(paid)
    )
