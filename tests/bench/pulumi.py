"""What each engine takes to build a stack: the same `triage`, up to where its own program would begin."""

import sys
from pathlib import Path

from infra.engines.terraform import toolchain
from tests.bench.timing import compare, timed
from tests.e2e.conftest import CLONE, Yard

ROUNDS = 5

BUILD = """
import sys
from pathlib import Path
from infra import environment, loader
from tests.infra.test_blueprint import keys
root = Path(sys.argv[1])
stack = loader.load("triage", environment.load("dev", root), root)
"""

TERRAFORM = """
from infra.blueprint import blueprint
from infra.engines.terraform.synth import synth
assert len(synth(blueprint(stack, keys(stack)), stack.environment, stack.name)) > 1000
"""

PULUMI = """
from infra.engines.pulumi import ModelyardStack
from tests.infra.engines.pulumi.declared import run
assert len(run(lambda: ModelyardStack("triage", stack, keys(stack)) and None).declared) > 10
"""


def build(yard: Yard, _scratch: Path) -> float:
    """A Pulumi program of `triage` under Pulumi's mocks, against the synthesis of its Terraform JSON; whole processes."""
    variables = {"JSII_NODE": str(toolchain.node_path()), "PYTHONPATH": str(CLONE)}

    def side(text: str) -> float:
        return timed([sys.executable, "-c", BUILD + text, str(yard.root)], yard.root, variables)

    return compare(
        "build of triage with Pulumi against the synthesis for Terraform",
        2.5,
        ROUNDS,
        lambda: side(PULUMI),
        lambda: side(TERRAFORM),
    )


BENCHES = {"pulumi": build}
