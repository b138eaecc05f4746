"""What can be had of MiniLM on this machine: every variant, Intel's own runtime, and what the cores give at most.

    python -m tests.bench.frontier

One text of 22 tokens, and 16 such at once, on all cores; each side in a process of its own, in turn; the cosine over 200 varied
sentences. The products of one text in int8 are so many multiplications, and the cores make so many a second in the largest product
that a library can be given: below that quotient no runtime comes.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from model_packaging.optimize import graph
from model_packaging.optimize.agreement import cosine
from model_packaging.optimize.calibration import Calibration
from model_packaging.optimize.judge import Judge
from model_packaging.optimize.variants import VARIANTS
from model_packaging.optimize.workbench import Workbench
from tests.bench.frontier_side import CORES, ITEMS, Asked
from tests.bench.models import given
from tests.bench.resident import Resident
from tests.bench.sentences import OF_22_TOKENS, varied
from tests.bench.servers import PEERS
from tests.e2e.conftest import CLONE

PYTORCH = ("pytorch", "pytorch-int8")
OPENVINO = ("openvino", "openvino-int8-weights", "openvino-int8", "openvino-int8-fixed")
ROUNDS, RUNS, BATCHES = 15, 20, 3
WIDE = 4096
"""Rows and columns of the product that the cores are measured with."""


class Side:
    """One of them, in a process of its own, and what was measured of it."""

    def __init__(self, name: str, process: Resident) -> None:
        self.name = name
        self._process = process
        self.bytes = process.answer()
        self.vectors: Any = None if "fixed" in name else np.concatenate(process.ask("vectors"))
        self.one: list[float] = []
        self.batch: list[float] = []

    def turn(self) -> None:
        """Some runs of one text, and a few of many."""
        self.one += self._process.ask(f"run {RUNS}")
        if self.vectors is not None:
            self.batch += self._process.ask(f"batch {BATCHES}")


def started(name: str, folder: Path) -> Resident:
    """The process of a side."""
    python = str(PEERS / "python") if name in OPENVINO else sys.executable
    return Resident(
        [python, "-m", "tests.bench.frontier_side", name, str(folder)],
        cwd=CLONE,
        env={**os.environ, "PYTHONPATH": str(CLONE)},
        stderr=subprocess.DEVNULL,
    )


def prepared(folder: Path) -> int:
    """The variants' files and what is asked, into `folder`; the multiplications of one text."""
    script, weights, tokenizer, texts = given()
    calibration: Calibration = script["calibration"](tokenizer, texts)
    one = script["feed"](tokenizer, [OF_22_TOKENS])
    asked = Asked(one, [script["feed"](tokenizer, [text]) for text in varied()], calibration.feeds)
    asked.write(folder)
    source = script["encoder"](weights, script["feed"](tokenizer, texts[:2]))
    bench = Workbench(source, folder, at_least=script["AT_LEAST"])
    bench.judge = Judge(calibration, source.answer(), cosine)
    for name, build in VARIANTS.items():
        build(bench, folder / f"{name}.onnx", None)
    products = graph.load(bench.simplified)
    sizes = {tensor.name: int(np.prod(tensor.dims)) for tensor in products.graph.initializer}
    read = [node.input[1] for node in products.graph.node if node.op_type in graph.QUANTISED]
    return int(one["input_ids"].size) * sum(sizes.get(name, 0) for name in read)


def most_a_second() -> float:
    """Multiplications of int8 that the cores make a second, in one large product; the best of ORT's and oneDNN's."""
    import onnxruntime
    import torch
    from onnx import TensorProto, helper, numpy_helper

    rows = np.random.default_rng(0).integers(0, 127, (WIDE, WIDE), np.uint8)
    columns = np.random.default_rng(1).integers(-127, 127, (WIDE, WIDE), np.int8)
    given = helper.make_tensor_value_info("a", TensorProto.UINT8, [WIDE, WIDE])
    made = helper.make_tensor_value_info("c", TensorProto.INT32, [WIDE, WIDE])
    product = helper.make_node("MatMulInteger", ["a", "b"], ["c"])
    constant = numpy_helper.from_array(columns, "b")
    model = helper.make_model(
        helper.make_graph([product], "product", [given], [made], [constant]),
        opset_imports=[helper.make_opsetid("", 18)],
        ir_version=graph.IR_VERSION,
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = CORES
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    left, right = torch.from_numpy(rows.astype(np.int8)), torch.from_numpy(columns)
    ways = (lambda: session.run(None, {"a": rows}), lambda: torch._int_mm(left, right))
    taken = []
    for way in ways:
        way()
        for _ in range(5):
            before = time.perf_counter()
            way()
            taken.append(time.perf_counter() - before)
    return WIDE**3 / min(taken)


def told(sides: Sequence[Side]) -> list[str]:
    """The table in Markdown, as the README and CONTRIBUTING have it."""
    first = sides[0]
    lines = [
        f"| variant | MB | mean cosine | worst | one text | against PyTorch | texts a second, {ITEMS} at once |",
        "|---|---|---|---|---|---|---|",
    ]
    for side in sides:
        ms = statistics.median(side.one)
        size = f"{side.bytes / 1e6:.1f}" if side.bytes else "-"
        agreed, many = "as above | as above", "-"
        if side.vectors is not None:
            agreement = cosine(first.vectors, side.vectors)
            agreed = f"{agreement.mean():.4f} | {agreement.min():.4f}"
            many = f"{ITEMS * 1000 / statistics.median(side.batch):.0f}"
        lines.append(
            f"| {side.name} | {size} | {agreed} | {ms:.2f} ms | {statistics.median(first.one) / ms:.1f} | {many} |"
        )
    return lines


def main() -> None:
    """Print the table, and the floor."""
    with tempfile.TemporaryDirectory(prefix="modelyard-frontier-") as scratch, ExitStack() as running:
        folder = Path(scratch)
        multiplications = prepared(folder)
        names = [*PYTORCH, *VARIANTS, *(OPENVINO if (PEERS / "python").is_file() else ())]
        sides = [Side(name, running.enter_context(started(name, folder))) for name in names]
        for _ in range(ROUNDS):
            for side in sides:
                side.turn()
    print("\n".join(told(sides)))
    most = most_a_second()
    print(
        f"products of one text: {multiplications / 1e6:.0f} million multiplications; {CORES} cores make "
        f"{most / 1e9:.0f} thousand million a second in int8: at least {multiplications / most * 1000:.2f} ms"
    )


if __name__ == "__main__":
    main()
