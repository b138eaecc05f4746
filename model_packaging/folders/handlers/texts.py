"""A transformer over texts, as ONNX; task.json says what its output is for.

In: {"text": "..."} or {"texts": ["...", ...]}. Out, for each text:
    single_label   {"label": "billing", "score": 0.98}, the likeliest with its probability
    multi_label    {"labels": {"billing": 0.98, "urgent": 0.41}}, each by itself
    regression     {"score": 3.2}
    embedding      {"embedding": [...]}
A list of them in the order of the texts where `texts` was sent. What comes after max_tokens is not read.
"""

import json
import os
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

THREAD_SAFE = True

THREADS = int(os.environ.get("OMP_NUM_THREADS") or 0)
"""The share of this thread, as the host sets it; 0 is every core."""

MAX_TEXTS = 256
BATCH = 32
DIGITS = 6


class Model:
    """The tokenizer, the graph and what it is for."""

    def __init__(self, folder):
        self.task = json.loads((folder / "task.json").read_text(encoding="utf-8"))
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.enable_truncation(self.task["max_tokens"])
        self.tokenizer.enable_padding(pad_id=self.task["pad_id"], pad_token=self.task["pad_token"])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = THREADS
        self.session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )

    def __call__(self, texts):
        """An answer for each text."""
        answers = []
        for start in range(0, len(texts), BATCH):
            encoded = self.tokenizer.encode_batch(texts[start : start + BATCH])
            feed = {
                "input_ids": np.array([one.ids for one in encoded], dtype=np.int64),
                "attention_mask": np.array([one.attention_mask for one in encoded], dtype=np.int64),
            }
            [output] = self.session.run(None, feed)
            answers += ANSWERS[self.task["task"]](output, feed["attention_mask"], self.task)
        return answers


def single_label(logits, mask, task):
    """Softmax over the labels."""
    likelihood = np.exp(logits - logits.max(axis=1, keepdims=True))
    likelihood /= likelihood.sum(axis=1, keepdims=True)
    best = likelihood.argmax(axis=1)
    return [
        {"label": task["labels"][place], "score": _number(row[place])}
        for row, place in zip(likelihood, best, strict=True)
    ]


def multi_label(logits, mask, task):
    """A sigmoid for each label."""
    likelihood = 1 / (1 + np.exp(-logits.astype(np.float64)))
    return [
        {"labels": {label: _number(one) for label, one in zip(task["labels"], row, strict=True)}}
        for row in likelihood
    ]


def regression(logits, mask, task):
    """The number itself."""
    return [{"score": _number(row[0])} for row in logits]


def embedding(hidden, mask, task):
    """The mean over the tokens that count, or the first token's vector."""
    weights = mask[:, :, None].astype(hidden.dtype)
    pooled = {
        "mean": lambda: (hidden * weights).sum(axis=1) / weights.sum(axis=1),
        "cls": lambda: hidden[:, 0],
    }[task["pooling"]]()
    if task["normalized"]:
        pooled = pooled / np.linalg.norm(pooled, axis=1, keepdims=True).clip(min=1e-12)
    return [{"embedding": [_number(one) for one in row]} for row in pooled]


ANSWERS = {
    "single_label": single_label,
    "multi_label": multi_label,
    "regression": regression,
    "embedding": embedding,
}


def model_fn(model_dir):
    """The tokenizer and the graph."""
    return Model(Path(model_dir))


def predict_fn(data, model):
    """The answer to one request."""
    return predict_batch_fn([data], model)[0]


def predict_batch_fn(items, model):
    """The answers to several requests that wait at the same time, from the same runs of the graph."""
    asked = [_texts(data) for data in items]
    found = iter(model([text for texts, _ in asked for text in texts]))
    answers = [[next(found) for _ in texts] for texts, _ in asked]
    return [answer[0] if single else answer for answer, (_, single) in zip(answers, asked, strict=True)]


def _number(value):
    return round(float(value), DIGITS)


def _texts(data):
    """The texts of a request, and whether it is a single one. ValueError for anything else."""
    if not isinstance(data, dict) or set(data) not in ({"text"}, {"texts"}):
        raise ValueError('The input is not {"text": "..."} or {"texts": ["...", ...]}; send one of them.')
    single = "text" in data
    texts = [data["text"]] if single else data["texts"]
    if not isinstance(texts, list) or not all(isinstance(text, str) and text.strip() for text in texts):
        raise ValueError('"text" takes a text with a word in it, "texts" a list of them.')
    if len(texts) > MAX_TEXTS:
        raise ValueError(f'"texts" holds {len(texts)} texts; send at most {MAX_TEXTS} at once.')
    if any("\ud800" <= character <= "\udfff" for text in texts for character in text):
        raise ValueError("A text holds half of a surrogate pair, which is no character; send valid Unicode.")
    return texts, single
