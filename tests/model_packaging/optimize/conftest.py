"""Models so small that their variants are made in a second, with random weights that are the same every time."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from transformers import BertConfig, BertModel

from model_packaging.optimize import Calibration, TorchModule

TOKENS, VOCABULARY = 12, 2048


class Encoder(torch.nn.Module):
    """A mean over the tokens that count, as the stacks' encoder has."""

    def __init__(self, bert: BertModel) -> None:
        super().__init__()
        self.bert = bert

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        hidden = self.bert(input_ids, attention_mask=attention_mask).last_hidden_state
        weights = attention_mask.unsqueeze(-1).to(hidden.dtype)
        return (hidden * weights).sum(1) / weights.sum(1)


def tiny_bert(layers: int = 2) -> BertModel:
    """Random weights, the same every time."""
    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=VOCABULARY,
        hidden_size=32,
        num_hidden_layers=layers,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=64,
        attn_implementation="eager",
    )
    return BertModel(config, add_pooling_layer=False)


def requests(count: int = 10) -> list[dict[str, np.ndarray]]:
    """Single requests of several lengths, and at the end one of three items with padding."""
    random = np.random.default_rng(5)
    made = []
    for length in [TOKENS, *random.integers(3, TOKENS, count - 1)]:
        ids = random.integers(0, VOCABULARY, (1, length))
        made.append({"input_ids": ids, "attention_mask": np.ones_like(ids)})
    mask = np.ones((3, TOKENS), dtype=np.int64)
    mask[1, 7:] = 0
    mask[2, 3:] = 0
    made.append({"input_ids": random.integers(0, VOCABULARY, (3, TOKENS)), "attention_mask": mask})
    return made


def products(*names: str) -> onnx.ModelProto:
    """Two products and a Relu between, whose nodes have these names: as onnx.helper makes them, none."""
    random, rows = np.random.default_rng(1), onnx.helper.make_tensor_value_info
    weights = {"w": random.normal(size=(8, 8)), "v": random.normal(size=(8, 4))}
    steps = [("MatMul", ["x", "w"], "a"), ("Relu", ["a"], "b"), ("MatMul", ["b", "v"], "y")]
    made = onnx.helper.make_graph(
        [
            onnx.helper.make_node(kind, inputs, [output], name)
            for (kind, inputs, output), name in zip(steps, names, strict=True)
        ],
        "products",
        [rows("x", 1, ["items", 8])],
        [rows("y", 1, ["items", 4])],
        [onnx.numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()],
    )
    return onnx.helper.make_model(made, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)


@pytest.fixture(scope="session")
def calibration() -> Calibration:
    """Of the tiny encoder."""
    return Calibration(requests())


@pytest.fixture(scope="session")
def encoder(calibration: Calibration) -> TorchModule:
    """A BERT of two layers."""
    return TorchModule(Encoder(tiny_bert()), calibration.batch(2), "vectors", {1: ("tokens", 64)})


@pytest.fixture(scope="session")
def exported(encoder: TorchModule, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The encoder as ONNX."""
    file = tmp_path_factory.mktemp("exported") / "encoder.onnx"
    encoder.export(file)
    return file
