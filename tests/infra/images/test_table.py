"""The table is what the script makes of the package's own, of which the excerpts are recorded here."""

import json
from datetime import date

import pytest

from infra.images.table import accounts, images
from tests.infra.images import generate

SAID = json.loads((generate.RECORDED / "version.json").read_text())

# aws/deep-learning-containers, docs/reference/region_availability.md, read 2026-11: another source than the package.
DOCUMENTED = {
    "763104351884": "us-east-1 us-east-2 us-west-1 us-west-2 ap-northeast-1 ap-northeast-2 ap-south-1 ap-southeast-1 "
    "ap-southeast-2 ca-central-1 eu-central-1 eu-north-1 eu-west-1 eu-west-2 eu-west-3 sa-east-1",
    "626614931356": "af-south-1",
    "871362719292": "ap-east-1",
    "975050140332": "ap-east-2",
    "364406365360": "ap-northeast-3",
    "772153158452": "ap-south-2",
    "907027046896": "ap-southeast-3",
    "457447274322": "ap-southeast-4",
    "550225433462": "ap-southeast-5",
    "633930458069": "ap-southeast-6",
    "590183813437": "ap-southeast-7",
    "204538143572": "ca-west-1",
    "380420809688": "eu-central-2",
    "692866216735": "eu-south-1",
    "503227376785": "eu-south-2",
    "780543022126": "il-central-1",
    "914824155844": "me-central-1",
    "217643126080": "me-south-1",
    "637423239942": "mx-central-1",
    "727897471807": "cn-north-1 cn-northwest-1",
    "446045086412": "us-gov-east-1",
    "442386744353": "us-gov-west-1",
}


def test_every_image_is_what_the_script_makes():
    assert list(images()) == list(generate.images(generate.RECORDED, SAID["version"], SAID["as_of"]))


def test_every_account_is_what_the_script_makes():
    made = generate.accounts(generate.RECORDED)
    assert accounts() == {(registry, region): account for registry, region, account in made}


@pytest.mark.parametrize("account", DOCUMENTED)
def test_the_accounts_are_those_of_the_documents_too(account):
    for region in DOCUMENTED[account].split():
        assert accounts()[("deep-learning", region)] == account


def test_every_row_has_a_source_and_a_day_and_a_place():
    for image in images():
        assert image.source.startswith("sagemaker_core ") and date.fromisoformat(image.as_of)
        assert image.processor in ("cpu", "gpu") and image.repository and image.tag
        assert not image.end_of_patch or date.fromisoformat(image.end_of_patch)


def test_cuda_13_is_never_without_its_host():
    for image in images():
        if image.cuda.startswith("13"):
            assert image.inference_ami_version, image.tag
