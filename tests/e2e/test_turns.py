"""Two deploys at once: one wins, the other says for whom it waits, and what is left is one of each."""

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.drill]

ROUNDS = 20
WORDS = ("digits", "--env", "local")


@pytest.mark.timeout(1800)
def test_of_two_at_once_one_waits_for_the_other(yard):
    handler = yard.root / "stacks" / "models" / "digits" / "inference.py"
    text = handler.read_text()
    waited = 0
    for number in range(ROUNDS):
        # Every second round there is something to do.
        handler.write_text(f"{text}\n# version {number // 2}\n")
        both = [yard.start("deploy", *WORDS, "--yes") for _ in range(2)]
        said = [process.communicate(timeout=120) for process in both]
        for process, (out, err) in zip(both, said, strict=True):
            is_refused = process.returncode == 1 and "is at work on digits, and still was after" in err
            assert process.returncode == 0 or is_refused, out + err
        waiting = [
            number for number, (_, err) in enumerate(said) if "Waiting for another run (process " in err
        ]
        assert len(waiting) <= 1 and 0 in [process.returncode for process in both]
        waited += len(waiting)
        sagemaker = yard.client("sagemaker")
        (endpoint,) = sagemaker.list_endpoints()["Endpoints"]
        assert endpoint["EndpointStatus"] == "InService"
        assert len(sagemaker.list_models()["Models"]) == 1
        assert len(sagemaker.list_endpoint_configs()["EndpointConfigs"]) == 1
    assert waited > ROUNDS / 2
    print(f"{ROUNDS} rounds of two deploys at once: in {waited} one waited, and said for whom")
    assert "plan: no changes" in yard.run("plan", *WORDS).stdout
    yard.run("destroy", *WORDS, "--yes")
    assert yard.census() == []
