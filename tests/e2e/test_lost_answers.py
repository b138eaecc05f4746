"""AWS does it, and its answer is lost: once for every operation that makes, changes or removes anything."""

import pytest

from tests.e2e.test_adoption import CUT, STACK, is_settled
from tests.faults.proxy import Fault, Faults, between, once_each

pytestmark = [pytest.mark.e2e, pytest.mark.drill]

RUNS = 20
"""Of one verb, at most. Each goes as far as the first answer that the provider cannot do without."""


@pytest.mark.timeout(3000)
def test_the_same_verb_again_finishes_what_was_done_already(yard):
    (yard.root / "stacks" / "cut.py").write_text(STACK)
    faults, table, told = Faults(once_each()), [], set()
    lost = faults.done[Fault.LOST]
    with between(yard.root, faults):
        for verb in ("deploy", "destroy"):
            for run in range(1, RUNS + 1):
                process = yard.start(verb, *CUT, "--yes")
                # The provider asks SageMaker again for minutes where that says that a model exists.
                _, err = process.communicate(timeout=900)
                assert process.returncode in (0, 1) and "Traceback" not in err, err
                table += [f"{verb}, run {run}: {name}" for name in lost if name not in told]
                told = set(lost)
                if process.returncode == 0:
                    break
            else:
                pytest.fail(f"{verb} did not end well in {RUNS} runs:\n{err}")
            if verb == "deploy":
                sagemaker = yard.client("sagemaker")
                assert len(sagemaker.list_models()["Models"]) == 1
                assert len(sagemaker.list_endpoint_configs()["EndpointConfigs"]) == 1
                is_settled(yard, "cut")
    print("\n".join([f"{len(lost)} operations whose first answer was lost:", *table]))
    assert set(lost) == set(faults.seen) and len(lost) > 30
    assert yard.census() == []
