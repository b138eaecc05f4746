"""Prices of today, by both ways that AWS gives them; from lists in AWS's own form, and no network."""

import io
import json
import urllib.error
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from cost import Estimate, InstanceHours, PriceCatalog
from cost.offers import OFFERS
from infra import prices
from infra.errors import Misuse, ModelyardError
from infra.prices import HOST, Refreshed, refresh

D = Decimal
RECORDED = Path(__file__).parent / "offers"
REGION = "us-east-1"


class PublicList:
    """AWS's host: the recorded files at their addresses, and what was asked for."""

    def __init__(self, **changed: bytes) -> None:
        self.asked: list[str] = []
        self.changed = changed

    def __call__(self, url: str) -> IO[bytes]:
        self.asked.append(url)
        offer, rest = url.removeprefix(f"{HOST}/offers/v1.0/aws/").split("/", 1)
        name = (
            f"{offer}.regions.json" if rest.endswith("region_index.json") else f"{offer}{Path(rest).suffix}"
        )
        found = self.changed.get(name.replace(".", "_")) or (RECORDED / name).read_bytes()
        return io.BytesIO(found)


class Api:
    """boto3's `pricing`, from the same files: each product is a text of its own, with its terms."""

    def __init__(self, error: Exception | None = None, only: tuple[str, ...] = OFFERS) -> None:
        self.error, self.only = error, only
        self.asked: list[dict[str, Any]] = []

    def get_paginator(self, operation: str) -> "Api":
        assert operation == "get_products"
        return self

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        self.asked.append(request)
        if self.error is not None:
            raise self.error
        offer = request["ServiceCode"]
        if offer not in self.only:
            return iter([{"FormatVersion": "aws_v1", "PriceList": []}])
        wanted = {item["Field"]: item["Value"] for item in request["Filters"]}
        return iter(
            {"FormatVersion": "aws_v1", "PriceList": [text]}
            for text in answers(offer)
            if wanted.items() <= json.loads(text)["product"]["attributes"].items()
        )


def answers(offer: str) -> list[str]:
    """What GetProducts says: `serviceCode`, `version` and `publicationDate` stand beside each product."""
    if offer == "AmazonEC2":
        attributes = {
            "regionCode": REGION,
            "instanceType": "m5.large",
            "operatingSystem": "Linux",
            "tenancy": "Shared",
            "preInstalledSw": "NA",
            "capacitystatus": "Used",
            "marketoption": "OnDemand",
        }
        listed = json.loads((RECORDED / "AmazonSageMaker.json").read_text())
        (sku, *_), terms = listed["products"], listed["terms"]["OnDemand"]
        document = {
            "version": "20261118003412",
            "publicationDate": "2026-11-18T00:34:12Z",
            "products": {sku: {"sku": sku, "productFamily": "Compute Instance", "attributes": attributes}},
            "terms": {"OnDemand": {sku: terms[sku]}},
        }
    else:
        document = json.loads((RECORDED / f"{offer}.json").read_text())
    return [
        json.dumps(
            {
                "product": product,
                "serviceCode": offer,
                "terms": {"OnDemand": document["terms"]["OnDemand"][sku]},
                "version": document["version"],
                "publicationDate": document["publicationDate"],
            }
        )
        for sku, product in document["products"].items()
    ]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return tmp_path / "prices"


def read(own: Path, fetch: Any = None, api: Any = None, region: str = REGION) -> tuple[Refreshed, list[str]]:
    said: list[str] = []
    done = refresh(region, said.append, folder=own, client=lambda: api, fetch=fetch or PublicList())
    return done, said


def kept(own: Path) -> dict[tuple[str, str], Any]:
    """What lies in the cache: service and dimension to the price."""
    catalog = PriceCatalog.load(own, own=own / "none")
    return {(service, dimension): price for (service, dimension, _), price in catalog.prices.items()}


def test_the_public_list_is_read_without_credentials(own: Path) -> None:
    fetch = PublicList()
    done, said = read(own, fetch)
    found = kept(own)
    assert {key: price.usd for key, price in found.items()} == {
        ("sagemaker-hosting", "ml.m5.large"): D("0.121"),
        ("sagemaker-hosting", "ml.m6i.large"): D("0.115"),
        ("sagemaker-serverless", "inference 1 GB"): D("0.00002"),
        ("lambda", "requests"): D("0.0000002"),
        ("lambda", "duration x86"): D("0.0000166667"),
        ("lambda", "ephemeral storage"): D("0.0000000309"),
        ("ec2", "m5.large"): D("0.098"),
        ("ec2", "p5.48xlarge"): D("55.04"),
    }
    assert [url.removeprefix(HOST) for url in fetch.asked] == [
        path
        for offer, version, form in (
            ("AmazonSageMaker", "20261112174512", "json"),
            ("AWSLambda", "20261103201145", "json"),
            ("AmazonEC2", "20261118003412", "csv"),
        )
        for path in (
            f"/offers/v1.0/aws/{offer}/current/region_index.json",
            f"/offers/v1.0/aws/{offer}/{version}/us-east-1/index.{form}",
        )
    ]
    assert said[-1].endswith("some hundred MB")
    assert done.editions["AmazonEC2"] == ("20261118003412", "2026-11-18")


def test_tiers_are_in_their_order_and_a_free_tier_is_no_price(own: Path) -> None:
    read(own)
    found = kept(own)
    duration = found["lambda", "duration x86"]
    assert [(tier.start, tier.end) for tier in duration.tiers] == [
        (0, 6_000_000_000),
        (6_000_000_000, 15_000_000_000),
        (15_000_000_000, None),
    ]
    (serverless,) = found["sagemaker-serverless", "inference 1 GB"].tiers
    assert (serverless.start, serverless.end) == (0, None)


def test_each_price_has_its_own_date_and_source(own: Path) -> None:
    read(own)
    (tier,) = kept(own)["sagemaker-hosting", "ml.m5.large"].tiers
    assert (tier.source, tier.as_of, tier.confidence) == (
        "AWS price list, AmazonSageMaker 20261112174512",
        "2026-11-12",
        "A",
    )


def test_it_says_what_changed_against_what_the_kit_carries(own: Path) -> None:
    done, _ = read(own)
    assert [change.line for change in done.changed] == [
        "sagemaker-hosting ml.m5.large: 0.115 -> 0.121 USD per instance-hour",
        "ec2 m5.large: 0.096 -> 0.098 USD per instance-hour",
    ]
    # The kit carries ml.c6i, and no ml.m6i.
    assert [change.line for change in done.new] == [
        "sagemaker-hosting ml.m6i.large: 0.115 USD per instance-hour"
    ]
    assert done.same == 5
    told = done.to_json()
    assert told["changed"][0]["before"] == "0.115" and json.dumps(told)


def test_every_bill_uses_it_from_then_on(own: Path) -> None:
    hours = InstanceHours(region=REGION, instance_type="ml.m5.large", hours=730)
    before = Estimate.of([hours], PriceCatalog.load(own=own))
    assert before.total.usd == D("83.95")
    read(own)
    fresh = PriceCatalog.load(own=own)
    after = Estimate.of([hours], fresh)
    assert (after.total.usd, after.lines[0].as_of) == (D("88.33"), "2026-11-12")
    # What was not read is as the kit has it.
    assert fresh.price("s3", "standard storage", REGION) == PriceCatalog.load(own=own / "none").price(
        "s3", "standard storage", REGION
    )


def test_with_credentials_the_api_is_asked_for_the_region(own: Path) -> None:
    api, fetch = Api(), PublicList()
    done, _ = read(own, fetch, api)
    assert fetch.asked == []
    assert kept(own)["sagemaker-hosting", "ml.m5.large"].usd == D("0.121")
    assert kept(own)["lambda", "duration x86"].tiers[1].usd == D("0.000015")
    assert done.editions["AWSLambda"].published == "2026-11-03"
    filters = {item["Field"]: item["Value"] for item in api.asked[2]["Filters"]}
    assert (api.asked[2]["ServiceCode"], filters["regionCode"], filters["operatingSystem"]) == (
        "AmazonEC2",
        REGION,
        "Linux",
    )


@pytest.mark.parametrize(
    "error",
    [
        ClientError(
            {"Error": {"Code": "AccessDeniedException", "Message": "no pricing:GetProducts"}}, "GetProducts"
        ),
        NoCredentialsError(),
    ],
)
def test_credentials_that_may_not_ask_lead_to_the_public_list(own: Path, error: Exception) -> None:
    _, said = read(own, PublicList(), Api(error))
    assert any("reading its public list instead" in line for line in said)
    assert ("ec2", "p5.48xlarge") in kept(own)


def test_a_region_that_aws_does_not_have_is_one_line_by_either_way(own: Path) -> None:
    with pytest.raises(
        Misuse, match="has no AmazonSageMaker in region 'mars-1'; it has eu-west-1, us-east-1"
    ):
        read(own, region="mars-1")
    with pytest.raises(Misuse, match="nothing of AmazonSageMaker in region 'us-east-1'"):
        read(own, api=Api(only=()))
    assert not own.exists()


def unreachable(url: str) -> IO[bytes]:
    raise urllib.error.URLError("Name or service not known")


class Broken(io.BytesIO):
    """A connection that is lost on the way."""

    def read(self, *_: Any) -> bytes:
        raise ConnectionResetError("Connection reset by peer")

    read1 = __next__ = read


def lost(url: str) -> IO[bytes]:
    return Broken() if url.endswith("index.csv") else PublicList()(url)


@pytest.mark.parametrize(
    ("fetch", "message"),
    [
        (unreachable, "cannot be read: Name or service not known; check the network. The prices stay as they were."),
        (lost, "cannot be read: Connection reset by peer"),
        (PublicList(AmazonSageMaker_json=b"<html>"), "of AmazonSageMaker is not as it is known here (JSONDecodeError"),
        (PublicList(AmazonSageMaker_json=b'{"products": {}}'), "is not as it is known here (KeyError: 'version'"),
        (PublicList(AmazonSageMaker_regions_json=b"[]"), "is not as it is known here (TypeError"),
        (PublicList(AmazonEC2_csv=b'"FormatVersion","v1.0"\n'), "of AmazonEC2 is not as it is known here (KeyError"),
        (PublicList(AWSLambda_json=(RECORDED / "AWSLambda.json").read_bytes().replace(b"AWS-Lambda-", b"L-")),
         "of AWSLambda for us-east-1 has nothing that is known here, so its form may have changed"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_line_and_changes_nothing(own: Path, fetch: Any, message: str) -> None:
    read(own)
    (file,) = own.iterdir()
    before = file.read_bytes()
    with pytest.raises(ModelyardError) as caught:
        read(own, fetch)
    assert message in str(caught.value) and "\n" not in str(caught.value)
    assert [(path, path.read_bytes()) for path in own.iterdir()] == [(file, before)]


def test_nothing_but_https_is_opened() -> None:
    with pytest.raises(ValueError, match="is not https"):
        prices.https("file:///etc/passwd")
