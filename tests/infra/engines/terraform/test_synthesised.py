"""What was synthesised is kept for as long as it would come out the same."""

import dataclasses
import subprocess
import sys

import pytest

from infra.blueprint import Blueprint
from infra.blueprint.resource import Resource
from infra.engines.terraform import synth, synthesised, workspace

CONTENT = Blueprint((Resource("aws_sns_topic", "told", {"name": "told", "tags": {"a": "b"}}),), {"x": "y"})


@pytest.fixture
def keep(tmp_path):
    """Has `wanted` kept in a folder; how often something was made for it so far."""
    made = []

    def kept(wanted, text="{}"):
        synthesised.keep(tmp_path, wanted, lambda: made.append(wanted) or text)
        assert (tmp_path / synth.FILE).read_text() == text
        return len(made)

    return kept


def test_the_same_is_made_once(keep, tmp_path):
    assert not synthesised.is_there(tmp_path)
    assert [keep("a"), keep("a"), keep("b"), keep("b"), keep("a")] == [1, 1, 2, 2, 3]
    assert synthesised.is_there(tmp_path)
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}


def test_a_file_that_somebody_changed_or_removed_is_made_again(keep, tmp_path):
    keep("a")
    (tmp_path / synth.FILE).write_text('{"mine": true}')
    assert keep("a") == 2
    (tmp_path / synth.FILE).unlink()
    assert keep("a") == 3


def test_nothing_is_kept_of_what_could_not_be_made(keep, tmp_path):
    keep("a")
    with pytest.raises(ZeroDivisionError):
        synthesised.keep(tmp_path, "b", lambda: 1 / 0)
    assert not synthesised.is_there(tmp_path)
    assert keep("a") == 2


def test_the_fingerprint_tells_all_apart_that_the_text_depends_on(environment):
    renamed = Blueprint((dataclasses.replace(CONTENT.resources[0], name="other"),), CONTENT.outputs)
    given = [
        (CONTENT, environment, "shop", 5),
        (renamed, environment, "shop", 5),
        (dataclasses.replace(CONTENT, outputs={}), environment, "shop", 5),
        (CONTENT, environment.model_copy(update={"region": "eu-central-1"}), "shop", 5),
        (CONTENT, environment, "other", 5),
        (CONTENT, environment, "shop", 6),
    ]
    assert len({synthesised.fingerprint(*one) for one in given}) == len(given)


def test_the_fingerprint_of_an_example_is_the_same_in_every_process():
    code = (
        "from pathlib import Path\n"
        "from infra import environment, loader\n"
        "from infra.blueprint import blueprint\n"
        "from infra.engines.terraform import synthesised\n"
        "root = Path.cwd()\n"
        "stack = loader.load('triage', environment.load('prod', root), root)\n"
        "keys = {one.name: 'models/' + 'a' * 64 + '/model.tar.gz' for one in stack.workloads}\n"
        "print(synthesised.fingerprint(blueprint(stack, keys), stack.environment, stack.name, 5))\n"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


def test_node_is_started_ahead_only_where_nothing_was_synthesised(tmp_path):
    started = []
    workspace.warm_up(tmp_path, lambda: started.append("first"))
    (tmp_path / synthesised.RECORD).write_text("{}")
    workspace.warm_up(tmp_path, lambda: started.append("second"))
    assert started == ["first"]
