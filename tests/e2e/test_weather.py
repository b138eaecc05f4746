"""AWS throttles or fails three calls of ten: a deploy, an update and a destroy get through all the same."""

import pytest

from tests.e2e.test_adoption import CUT, STACK
from tests.faults.proxy import Fault, Faults, between, weather

pytestmark = [pytest.mark.e2e, pytest.mark.drill]

SHARE = 0.3


@pytest.mark.timeout(1800)
def test_a_whole_life_in_bad_weather(yard):
    (yard.root / "stacks" / "cut.py").write_text(STACK)
    handler = yard.root / "stacks" / "models" / "digits" / "inference.py"
    with between(yard.root, Faults(weather(1, SHARE, (Fault.THROTTLED, Fault.FAILED)))) as proxy:
        for verb in ("deploy", "update", "destroy"):
            faults = proxy.faults = Faults(weather(len(verb), SHARE, (Fault.THROTTLED, Fault.FAILED)))
            if verb == "update":
                handler.write_text(f"{handler.read_text()}\n# another version\n")
            process = yard.start("destroy" if verb == "destroy" else "deploy", *CUT, "--yes")
            out, err = process.communicate(timeout=600)
            assert process.returncode == 0, f"{verb}\n{out}\n{err}"
            met, calls = sum(kind.total() for kind in faults.done.values()), faults.calls.total()
            assert 0.2 < met / calls < 0.4 and calls > 50
            print(
                f"{verb}: {calls} calls, {met} of them throttled or failed; done, {faults.seen.total()} changes"
            )
            if verb == "update":
                assert len(yard.client("sagemaker").list_endpoint_configs()["EndpointConfigs"]) == 1
    assert yard.census() == []
