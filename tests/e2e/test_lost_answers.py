"""AWS does it, and its answer is lost: once for every operation that makes, changes or removes anything."""

import time

import pytest

from tests.e2e.test_adoption import CUT, STACK, is_settled
from tests.faults.proxy import Fault, Faults, between, once_each

pytestmark = [pytest.mark.e2e, pytest.mark.drill]

RUNS = 20
"""Of one verb, at most. Each goes as far as the first answer that the provider cannot do without."""

MENDED = "An answer of AWS was lost; taking over what it made: "


@pytest.mark.timeout(3000)
def test_the_same_verb_again_finishes_what_was_done_already(yard):
    (yard.root / "stacks" / "cut.py").write_text(STACK)
    faults, table, told, mended = Faults(once_each()), [], set(), 0
    lost = faults.done[Fault.LOST]
    with between(yard.root, faults):
        for verb in ("deploy", "destroy"):
            for run in range(1, RUNS + 1):
                begin = time.monotonic()
                process = yard.start(verb, *CUT, "--yes")
                # The provider asks again for minutes where AWS says that a function or a model exists.
                _, err = process.communicate(timeout=1500)
                assert process.returncode in (0, 1) and "Traceback" not in err, err
                table.append(
                    f"{verb}, run {run}: {time.monotonic() - begin:.0f} s, ended {process.returncode}"
                )
                table += [f"  {name}" for name in lost if name not in told]
                table += [f"  {line}" for line in err.splitlines() if MENDED in line or process.returncode]
                told = set(lost)
                mended += err.count(MENDED)
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
