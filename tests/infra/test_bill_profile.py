"""A duration that the usage does not tell is the one that was measured when the model was optimised."""

from decimal import Decimal

import pytest

from cost import PriceCatalog
from infra import Environment, Stack
from infra.bill import bill
from infra.errors import InvalidEnvironment
from model_packaging.profile import Answered, Profile, Row
from tests.infra.conftest import function

USED = {"requests_per_month": 1_000_000}


def profile(handler):
    return Profile(
        chosen="only",
        parameters={},
        source={"kind": "onnx", "sha256": "0" * 64},
        weights={"file": "model.onnx", "sha256": "0" * 64, "size_bytes": 1},
        budget={"by": "cosine", "at_least": 0.99, "items": 1, "met": True},
        variants=(Row("only"),),
        batches={1: 7.0},
        handler=handler,
        machine={},
    )


def of(base, usage):
    environment = Environment(
        name="dev", region="us-east-1", account_id="111122223333", usage={"rank-small": usage}
    )
    return bill(Stack("shop", environment, [function()], base=base), PriceCatalog.load())


def test_the_expected_bill_takes_the_measured_duration_and_says_so(base):
    profile(Answered(900, 40.0, 60, 30, 1.0, 77)).write(base / "models" / "tiny")
    found = of(base, USED)
    assert found.expected == of(base, {**USED, "duration_ms": Decimal(40)}).expected
    told = "rank-small: 40 ms a request: measured when the model was optimised, on the machine that profile.json names."
    assert told in found.notes
    assert not [note for note in of(base, {**USED, "duration_ms": 45}).notes if "profile.json" in note]


def test_without_a_measured_handler_the_usage_has_to_tell(base):
    profile(None).write(base / "models" / "tiny")
    with pytest.raises(InvalidEnvironment, match="lacks the key 'duration_ms'"):
        of(base, USED)
