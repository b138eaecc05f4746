"""Sentence embeddings: a text to the unit vector of 384 numbers that MiniLM has for it.

In: plain text, or {"text": "..."}. Out: {"embedding": [...]}. What comes after 256 tokens is not read.
"""

import json
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

MAX_TOKENS = 256
"""As the encoder was trained."""
DIGITS = 6
"""Of each number: a vector stays the same text on machines that add up in another order."""


def model_fn(model_dir):
    """The tokenizer and the encoder."""
    folder = Path(model_dir)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.no_padding()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # a job's children share the cores of a host among them
    session = onnxruntime.InferenceSession(
        str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
    )
    return tokenizer, session


def input_fn(body, content_type):
    """The text of a document."""
    if content_type.startswith("text/"):
        text = body
    elif content_type == "application/json":
        sent = json.loads(body)
        text = sent.get("text") if isinstance(sent, dict) else None
    else:
        raise ValueError(
            f"Content type {content_type} is not supported; send text/plain or application/json."
        )
    if not isinstance(text, str) or not text.strip():
        raise ValueError("There is no text in it; send at least one word.")
    return text


def predict_fn(text, model):
    """The unit vector of one text."""
    tokenizer, session = model
    encoded = tokenizer.encode(text)
    feed = {
        "input_ids": np.array([encoded.ids], dtype=np.int64),
        "attention_mask": np.array([encoded.attention_mask], dtype=np.int64),
    }
    [vectors] = session.run(["sentence_embedding"], feed)
    return {"embedding": [round(float(number), DIGITS) for number in vectors[0]]}
