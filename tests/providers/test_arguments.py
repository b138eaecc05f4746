"""Every argument of every golden file is one of the provider's, in both majors."""

import json

import pytest

from infra.engines.terraform import dialect
from tests.providers import FIVE, SIX
from tests.providers.names import FILES, META, types, unknown


def spoken(type: str, arguments: dict, names) -> dict:
    """The golden files' arguments, which are 5.x's, in the words of the major that `names` is of."""
    if names == FIVE:
        return arguments
    in_six = {old: new for new, old in dialect.IN_FIVE.get(type, {}).items()}
    return {in_six.get(name, name): value for name, value in arguments.items()}


AGAIN = "run: python -m tests.providers.write"


@pytest.mark.parametrize("names", [FIVE, SIX], ids=lambda file: file.stem)
def test_every_resource_type_is_known(names):
    known = json.loads(names.read_text())
    assert [type for type in types() if type not in known] == [], AGAIN


@pytest.mark.parametrize("names", [FIVE, SIX], ids=lambda file: file.stem)
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.partition(".")[0])
def test_every_argument_is_the_providers(file, names):
    known = json.loads(names.read_text())
    wrong = [
        finding
        for type, resources in json.loads(file.read_text())["resource"].items()
        for name, arguments in resources.items()
        for finding in unknown(
            spoken(type, {key: value for key, value in arguments.items() if key not in META}, names),
            known[type],
            f"{type}.{name}",
        )
    ]
    assert wrong == []


@pytest.mark.parametrize("names", [FIVE, SIX], ids=lambda file: file.stem)
def test_a_wrong_name_is_found_at_any_depth(names):
    known = json.loads(names.read_text())["aws_sagemaker_model"]
    right = {"name": "a", "primary_container": [{"image": "i", "environment": {"ANY": "1"}}]}
    assert list(unknown(right, known, "m")) == []
    wrong = {"names": "a", "primary_container": {"imagee": "i"}}
    assert list(unknown(wrong, known, "m")) == ["m.names", "m.primary_container.imagee"]
