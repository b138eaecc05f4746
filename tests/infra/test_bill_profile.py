"""A duration that the usage does not tell is the one that was measured when the model was optimised."""

from decimal import Decimal

import pytest

from cost import PriceCatalog
from infra import Environment, Stack
from infra.bill import bill
from infra.errors import InvalidEnvironment
from model_packaging.profile import Answered, Profile, Row
from tests.infra.conftest import asynchronous, function

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


def of(base, usage, workload=None, **changed):
    environment = Environment(
        name="dev", region="us-east-1", account_id="111122223333", usage={"rank-small": usage}
    )
    return bill(Stack("shop", environment, [workload or function(**changed)], base=base), PriceCatalog.load())


def test_the_expected_bill_takes_the_measured_duration_and_says_so(base):
    """At 2,048 MB, a whole processor: the mean of a median of 40 and a p99 of 60 is 40 x exp((ln 1.5 / 2.3263)^2 / 2)."""
    profile(Answered(900, 40.0, 60, 30, 1.0, 77)).write(base / "models" / "tiny")
    found = of(base, USED, memory_mb=2048)
    assert found.expected == of(base, {**USED, "duration_ms": Decimal("40.612")}, memory_mb=2048).expected
    told = (
        "rank-small: 40.612 ms a request on average: measured when the model was optimised, on the machine that "
        "profile.json names."
    )
    assert told in found.notes
    assert not [note for note in of(base, {**USED, "duration_ms": 45}).notes if "optimised" in note]


def test_a_measured_duration_is_longer_where_the_memory_brings_a_part_of_its_processors(base):
    """Two processors at 512 MB of 1,769 for one are 6.910 times as long, as `compare` has it: 280.637 ms."""
    profile(Answered(900, 40.0, 60, 30, 1.99, 77)).write(base / "models" / "tiny")
    found = of(base, USED, memory_mb=512)
    # 1,000,000 of 281 ms at half a GB are 140,500 GB-seconds at 0.0000166667, and 0.20 of requests.
    assert found.expected.total.usd == Decimal("2.54")
    assert "rank-small: 280.637 ms a request on average" in "\n".join(found.notes)
    assert "and 6.9 times as long at 512 MB, which has a part of its processors." in "\n".join(found.notes)
    told = of(base, {**USED, "duration_ms": 40}, memory_mb=512)
    assert told.expected.total.usd == Decimal("0.53"), "what the usage tells is of this memory"


def test_a_measured_duration_above_the_timeout_is_not_called_that_of_the_usage(base):
    profile(Answered(900, 29_000.0, 29_500, 30, 1.99, 77)).write(base / "models" / "tiny")
    with pytest.raises(InvalidEnvironment, match=r"\] the duration in profile.json comes to a mean of 200,"):
        of(base, USED, memory_mb=512)


def test_a_median_and_a_p99_are_a_log_normal_whose_mean_is_billed(base):
    """ln 10 / 2.3263 = 0.9898 and exp(0.9898^2 / 2) = 1.632: 81.6 ms, billed as 82 of 2 GB: 2.73, and 0.20 of requests."""
    found = of(base, {**USED, "duration_ms": 50, "duration_p99_ms": 500}, memory_mb=2048)
    assert found.expected.total.usd == Decimal("2.93")
    told = "rank-small: 81.603 ms a request on average: log-normal, with a median of 50 and a p99 of 500."
    assert told in found.notes


def test_without_a_measured_handler_the_usage_has_to_tell(base):
    profile(None).write(base / "models" / "tiny")
    with pytest.raises(InvalidEnvironment, match="lacks the key 'duration_ms'"):
        of(base, USED)


def test_a_cold_start_is_told_with_its_price(base):
    """AWS Compute Blog, 'AWS Lambda standardizes billing for INIT Phase': billed as duration since 2025-08-01.

    400 ms for Python and 900 ms x 1.728 at 1,024 MB for the model are 1,956 ms: 0.0326 USD a thousand at 0.0000166667.
    """
    of_none = "\n".join(of(base, {**USED, "duration_ms": 45}, memory_mb=1024).notes)
    assert (
        "rank-small: Lambda bills INIT of a cold start, too: 400 ms until Python runs (assumed) and loading the model "
        "are 0.0067 USD per 1,000 and 0.0167 USD more for each second of loading; how many there are only traffic "
        "tells, and none is in the amounts."
    ) in of_none
    profile(Answered(900, 40.0, 60, 30, 1.0, 77)).write(base / "models" / "tiny")
    told = "\n".join(of(base, USED, memory_mb=1024).notes)
    assert (
        "400 ms until Python runs (assumed) and 1,555 ms to load the model (profile.json) are 0.0326 USD per 1,000; how"
    ) in told


def test_a_backlog_is_worked_off_as_fast_as_the_model_was_measured(base):
    """40.6 ms on both processors of an ml.m5.large are 1,477 a minute: as with a usage of half that on one of two."""
    profile(Answered(900, 40.0, 60, 30, 1.99, 77)).write(base / "models" / "tiny")
    usage = {"requests_per_month": 500_000, "traffic": "bursty"}
    queue = asynchronous("rank-small")
    measured, told = of(base, usage, queue), of(base, {**usage, "duration_ms": Decimal("81.224")}, queue)
    assert measured.expected is not None and measured.expected == told.expected
    assert "rank-small: 40.612 ms a request on average: measured" in "\n".join(measured.notes)


def test_what_was_measured_on_a_processor_says_nothing_of_a_gpu(base):
    profile(Answered(900, 40.0, 60, 30, 1.99, 77)).write(base / "models" / "tiny")
    found = of(base, USED, asynchronous("rank-small", instance_type="ml.g5.xlarge"))
    assert found.expected is None
    assert "rank-small: not expected: write duration_ms into its usage" in "\n".join(found.notes)
