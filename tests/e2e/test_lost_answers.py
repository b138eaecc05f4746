"""AWS does it, and its answer is lost: once for every operation that makes, changes or removes anything."""

import time

import pytest

from tests.e2e.test_adoption import CUT, STACK, is_settled
from tests.faults.proxy import Fault, Faults, between, once_each

pytestmark = [pytest.mark.e2e, pytest.mark.drill]

RUNS = {"deploy": 1, "destroy": 20}
"""At most. A deploy takes over what it did not hear of; a destroy goes as far as an answer it cannot do without."""

MENDED = "An answer of AWS was lost; taking over what it made: "


@pytest.mark.timeout(3000)
def test_a_deploy_goes_on_by_itself_and_a_destroy_is_finished_by_the_next(yard):
    (yard.root / "stacks" / "cut.py").write_text(STACK)
    faults, table, told = Faults(once_each()), [], set()
    lost = faults.done[Fault.LOST]
    with between(yard.root, faults):
        for verb, runs in RUNS.items():
            for run in range(1, runs + 1):
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
                if process.returncode == 0:
                    break
            else:
                pytest.fail(f"{verb} did not end well in {runs} runs:\n{err}")
            if verb == "deploy":
                assert MENDED in err
                sagemaker = yard.client("sagemaker")
                assert len(sagemaker.list_models()["Models"]) == 1
                assert len(sagemaker.list_endpoint_configs()["EndpointConfigs"]) == 1
                is_settled(yard, "cut")
    print("\n".join([f"{len(lost)} operations whose first answer was lost:", *table]))
    assert set(lost) == set(faults.seen) and len(lost) > 30
    assert yard.census() == []
