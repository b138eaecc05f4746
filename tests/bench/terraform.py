"""What Modelyard adds to Terraform: synthesis and deployment, against doing the same without it."""

import os
import sys
from pathlib import Path

from infra.engines.terraform import toolchain
from tests.bench.timing import compare, timed
from tests.e2e.conftest import CLONE, REGION, Yard

SYNTH_ROUNDS, DEPLOY_ROUNDS = 7, 3
PEER = CLONE / "tests" / "bench" / "prebuilt_app.py"


def synth(yard: Yard, scratch: Path) -> float:
    """`modelyard synth` against a cdktn app with the prebuilt AWS bindings that makes the same resources."""
    node = toolchain.node_path()
    variables = {"JSII_NODE": str(node)}
    command = [str(Path(sys.executable).with_name("modelyard")), "synth", "triage", "--env", "dev", "--out"]
    return compare(
        "synth against a cdktn app with the prebuilt bindings",
        0.35,
        SYNTH_ROUNDS,
        lambda: timed([*command, str(scratch / "ours")], yard.root, variables),
        lambda: timed([sys.executable, str(PEER), str(scratch / "peer")], yard.root, variables),
    )


def deploy(yard: Yard, scratch: Path) -> float:
    """`modelyard deploy` against `terraform plan -out` and `terraform apply` of the same JSON.

    Both start with the artifacts in their bucket and an initialised working directory, and make 14 resources.
    """
    yard.run("local", "up", "--idle-hours", "0.5")
    try:
        found = toolchain.find(os.environ)
        variables = {
            "AWS_ENDPOINT_URL": yard.endpoint_url,
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "any",
            "AWS_REGION": REGION,
        }
        plain = scratch / "plain"
        plain.mkdir()
        yard.run("synth", "triage", "--env", "local", "--out", str(plain))
        variables["TF_CLI_CONFIG_FILE"] = str(found.configure(plain))
        terraform = str(found.program)
        timed([terraform, "init", "-input=false"], plain, variables)

        def peer() -> float:
            yard.run("package", "triage", "--env", "local", "--upload")
            seconds = timed([terraform, "plan", "-input=false", "-out=plan"], plain, variables)
            seconds += timed([terraform, "apply", "-input=false", "plan"], plain, variables)
            timed([terraform, "destroy", "-input=false", "-auto-approve"], plain, variables)
            return seconds

        def ours() -> float:
            yard.run("package", "triage", "--env", "local", "--upload")
            yard.run("plan", "triage", "--env", "local")
            command = [
                str(Path(sys.executable).with_name("modelyard")),
                "deploy",
                "triage",
                "--env",
                "local",
                "--yes",
            ]
            seconds = timed(command, yard.root, {})
            yard.run("destroy", "triage", "--env", "local", "--yes")
            return seconds

        return compare(
            "deploy against terraform plan and apply of the same JSON", 1.15, DEPLOY_ROUNDS, ours, peer
        )
    finally:
        yard.run("local", "down")


BENCHES = {"synth": synth, "deploy": deploy}
