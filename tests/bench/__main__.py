"""Times of whole processes, ours and a peer's in turn in one run, as ratios of their medians.

make bench
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from cost.simulation.capacity import Tracking
from cost.simulation.month import ServiceTime, on_instances
from cost.simulation.traffic import shaped
from infra.engines.terraform import toolchain
from tests.bench import simpy_month
from tests.e2e.conftest import BARE, CLONE, REGION, Yard, make_project

SYNTH_ROUNDS, DEPLOY_ROUNDS, SIMULATION_ROUNDS, COMPARE_ROUNDS = 7, 3, 3, 2
PEER = CLONE / "tests" / "bench" / "prebuilt_app.py"


def timed(arguments: list[str], directory: Path, variables: Mapping[str, str]) -> float:
    """Seconds that a program took; it must have ended well."""
    started = time.perf_counter()
    done = subprocess.run(
        arguments,
        cwd=directory,
        env={**BARE, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    seconds = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return seconds


def compare(
    name: str, bound: float, rounds: int, ours: Callable[[], float], peers: Callable[[], float]
) -> float:
    """Both in turn, `rounds` times after one that does not count; prints and returns the ratio of the medians."""
    ours(), peers()
    times = [(ours(), peers()) for _ in range(rounds)]
    mine, theirs = (statistics.median(column) for column in zip(*times, strict=True))
    ratio = mine / theirs
    print(
        f"{name}: {mine:.2f} s, peer {theirs:.2f} s, ratio {ratio:.2f} (bound {bound}), {rounds} rounds",
        flush=True,
    )
    return ratio


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


def simulation(_yard: Yard, _scratch: Path) -> float:
    """A month of 1,000,000 requests against a target-tracking policy, against the same in SimPy."""
    traffic = shaped("business-hours", 1_000_000, 730 * 60, seed=1)
    service, policy = ServiceTime(200, 500), Tracking(1, 4, per_instance=60)
    arrivals = traffic.arrivals(1)
    takes = service.sample(len(arrivals), 1)

    def seconds(work: Callable[[], object]) -> float:
        started = time.perf_counter()
        work()
        return time.perf_counter() - started

    def ours() -> object:
        return on_instances(traffic, service, policy, slots=2, seed=1)

    def peer() -> object:
        return simpy_month.run(arrivals.tolist(), takes.tolist(), policy, len(traffic.per_minute), slots=2)

    def ours_again() -> float:
        # The first after SimPy pays for the memory that SimPy gave back; a comparison simulates dozens in a row.
        ours()
        return seconds(ours)

    return compare(
        "a simulated month against SimPy", 0.05, SIMULATION_ROUNDS, ours_again, lambda: seconds(peer)
    )


def comparison(yard: Yard, _scratch: Path) -> float:
    """`modelyard compare` over every plan for 1,000,000 requests a month, against every plan with a month of its own."""
    words = "compare --region us-east-1 --requests 1_000_000 --traffic diurnal --p99-ms 500"
    model = "--p50-ms 9 --measured-p99-ms 14 --memory-mb 300"
    ours = [str(Path(sys.executable).with_name("modelyard")), *words.split(), *model.split()]
    peer = [sys.executable, "-m", "tests.bench.plain_compare"]
    return compare(
        "compare over all plans against a month for each",
        0.5,
        COMPARE_ROUNDS,
        lambda: timed(ours, yard.root, {}),
        lambda: timed(peer, CLONE, {}),
    )


BENCHES = {"synth": synth, "deploy": deploy, "simulation": simulation, "comparison": comparison}


def main(names: list[str]) -> None:
    """Run the named benchmarks, or all; a line each, and at the end the ratios as JSON."""
    with tempfile.TemporaryDirectory(prefix="modelyard-bench-") as scratch:
        folder = Path(scratch)
        yard = Yard(make_project(folder / "project"))
        ratios = {}
        for name in names or BENCHES:
            (folder / name).mkdir()
            ratios[name] = round(BENCHES[name](yard, folder / name), 3)
    print(json.dumps(ratios))


if __name__ == "__main__":
    main(sys.argv[1:])
