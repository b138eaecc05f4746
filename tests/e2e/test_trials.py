"""What a deploy makes is asked its model's sample: that it is InService does not say that it answers, or answers right."""

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.drill]

STACK = """
from infra import LambdaEndpoint, RealtimeEndpoint, Stack
from model_packaging import Model


def stack(env):
    model = Model("models/asked", framework="sklearn")
    return Stack("asked", env, [
        RealtimeEndpoint("answer", model=model, instance_type="ml.m5.large"),
        LambdaEndpoint("small", model=model, network=False),
    ])
"""
WORDS = ("asked", "--env", "local", "--yes")
GOOD = "def predict_fn(data, model):\n    return {'version': 1}\n"
RAISING = "def predict_fn(data, model):\n    raise RuntimeError('the labels are from another age')\n"


@pytest.mark.timeout(900)
def test_whoever_does_not_answer_or_not_rightly_is_told(yard):
    folder = yard.root / "stacks" / "models" / "asked"
    folder.mkdir()
    (yard.root / "stacks" / "asked.py").write_text(STACK)
    handler, answer = folder / "inference.py", folder / "sample_answer.json"
    handler.write_text(GOOD)
    (folder / "sample.json").write_text("{}")
    answer.write_text('{"version": 1}')
    said = yard.run("deploy", *WORDS).stderr
    assert "answer: answers the sample as expected in " in said
    assert "small: answers the sample as expected in " in said

    handler.write_text(RAISING)
    said = yard.run("deploy", *WORDS, code=1).stderr
    assert "Asked the sample.json of asked: Endpoint local-asked-answer" in said
    assert "Asked the sample.json of asked: Function local-asked-small" in said
    assert said.count("the labels are from another age") >= 2
    assert "This version of answer is what serves now." in said
    # The state is right all the same: there is nothing to do.
    assert "plan: no changes" in yard.run("plan", *WORDS[:-1]).stdout
    # And the same deploy again is no success for that: what did not answer is asked again.
    again = yard.run("deploy", *WORDS, code=1)
    assert "plan: no changes" in again.stdout and again.stderr.count("the labels are from another age") >= 2

    handler.write_text(GOOD.replace("1", "2"))
    said = yard.run("deploy", *WORDS, code=1).stderr
    assert "local-asked-answer answers otherwise: .version is 2, expected 1" in said
    answer.write_text('{"version": 2}')
    mended = yard.run("deploy", *WORDS)
    assert "plan: no changes" in mended.stdout
    assert "answer: answers the sample as expected in " in mended.stderr

    # Woken, it is asked as it was deployed, whatever has become of the folder since.
    yard.run("sleep", *WORDS)
    answer.write_text('{"version": 3}')
    assert "answer: answers the sample as expected in " in yard.run("wake", *WORDS).stderr
    yard.run("destroy", *WORDS)
    assert yard.census() == []
