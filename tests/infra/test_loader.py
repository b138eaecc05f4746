import sys
from pathlib import Path

import pytest

from infra import loader
from infra.errors import InvalidEnvironment, InvalidStack, UnknownStack

GOOD = """
from infra import RealtimeEndpoint, Stack
from model_packaging import Model

def stack(env):
    return Stack("shop", env, [RealtimeEndpoint("rank", model=Model("models/tiny", framework="onnx"), instance_type="ml.m5.large")])

def other(env):
    return Stack("other", env, [])
"""


@pytest.fixture
def project(base: Path) -> Path:
    """A project with stacks/shop.py in it, and the model beside it."""
    (base / "stacks").mkdir()
    (base / "models").rename(base / "stacks" / "models")
    (base / "stacks" / "shop.py").write_text(GOOD)
    return base


def test_three_ways_to_name_a_stack(project, environment, monkeypatch):
    by_name = loader.load("shop", environment, project)
    by_file = loader.load("stacks/shop.py:stack", environment, project)
    monkeypatch.syspath_prepend(str(project / "stacks"))
    by_module = loader.load("shop:stack", environment, project)
    assert by_name == by_file == by_module
    assert by_name.base == project / "stacks"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "chat",
            r"Stack 'chat' does not exist; known: shop\. Write stacks/chat\.py, or name module:function or ",
        ),
        ("", r"^Stack '' does not exist; known: shop\. Name one of them, or name module:function or "),
        (
            "../x",
            r"^Stack '\.\./x' does not exist; known: shop\. Name one of them, or name module:function or ",
        ),
        (":stack", r"^':stack' names no module; write module:function or path/file\.py:function\.$"),
        ("stacks/none.py:stack", "no stack file stacks/none.py"),
        ("stacks/shop.py:missing", r"stacks/shop.py has no function 'missing'"),
        ("nowhere:stack", "no module 'nowhere'"),
    ],
)
def test_what_is_not_there(project, environment, name, message):
    with pytest.raises(UnknownStack, match=message) as caught:
        loader.load(name, environment, project)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        (
            "import nothing_like_it",
            UnknownStack,
            "shop.py does not load: ModuleNotFoundError: No module named 'nothing_like_it'",
        ),
        ("def stack(env): return 3", InvalidStack, "returned int; it must return a Stack"),
        ("def stack(): pass", InvalidStack, r"shop\.py does not load: TypeError: stack\(\) takes 0"),
        (
            "def stack(env): return nothing",
            InvalidStack,
            r"shop\.py does not load: NameError: name 'nothing'",
        ),
        (
            "import sys\nsys.exit(0)",
            UnknownStack,
            r"^stacks/shop\.py ends the program, with sys\.exit\(0\); a stack file only returns a Stack: leave the call "
            r"out, or raise an error\.$",
        ),
        (
            "def stack(env): raise SystemExit",
            InvalidStack,
            r"^stacks/shop\.py ends the program, with sys\.exit\(\); ",
        ),
        ("raise SystemExit('no')", UnknownStack, r"ends the program, with sys\.exit\('no'\); "),
        (
            GOOD.replace('framework="onnx"', 'framework="caffe"'),
            InvalidStack,
            "shop.py, line 6: Model: framework is 'caffe'; allowed are ",
        ),
        (
            "from infra import TargetTracking\nTargetTracking(max_capacity=2)",
            InvalidStack,
            "^stacks/shop.py, line 2: TargetTracking: no target given; write exactly one of ",
        ),
        (
            GOOD.replace(', instance_type="ml.m5.large"', ""),
            InvalidStack,
            "RealtimeEndpoint lacks instance_type; write",
        ),
        (
            GOOD.replace("instance_type=", "size=3, instance_type="),
            InvalidStack,
            "RealtimeEndpoint has no field 'size'",
        ),
        (
            GOOD.replace('"rank", ', '"rank", min_capacity=env["x"], '),
            InvalidEnvironment,
            "dev has no value 'x'",
        ),
    ],
)
def test_a_stack_file_that_does_not_load(project, environment, source, kind, message):
    (project / "stacks" / "shop.py").write_text(source)
    with pytest.raises(kind, match=message):
        loader.load("shop", environment, project)


def test_an_unchecked_stack_may_be_one_that_aws_refuses(project, environment):
    assert loader.load("stacks/shop.py:other", environment, project, checked=False).name == "other"


def test_a_stack_file_may_import_its_neighbours_and_have_classes_of_its_own(project, environment):
    (project / "stacks" / "names.py").write_text('NAME = "rank"\n')
    source = GOOD.replace('"rank"', "Names().name").replace(
        "\ndef stack", "\n@dataclass\nclass Names:\n    name: str = NAME\n\ndef stack"
    )
    (project / "stacks" / "shop.py").write_text(
        "from __future__ import annotations\nfrom dataclasses import dataclass\nfrom stacks.names import NAME\n"
        + source
    )
    sys.modules.pop("stacks", None)
    assert loader.load("shop", environment, project).workloads[0].name == "rank"


def test_what_a_stack_file_prints_goes_to_stderr(project, environment, capsys):
    (project / "stacks" / "shop.py").write_text(
        "print('loaded')\n" + GOOD.replace("    return", "    print('called')\n    return", 1)
    )
    loader.load("shop", environment, project)
    assert tuple(capsys.readouterr()) == ("", "loaded\ncalled\n")
