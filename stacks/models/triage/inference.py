"""Support-ticket triage: the label that has the description nearest to the ticket, by cosine.

In: {"text": "..."} or {"texts": ["...", ...]}. Out: {"label": "billing", "score": 0.61}, or a list of them in
the order of the texts. `score` is the cosine, from -1 to 1.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

MAX_TEXTS = 256
MAX_CHARACTERS = 20_000
MAX_TOKENS = 256
"""As the encoder was trained; what comes after is not read."""

BATCH = 32


@dataclass(frozen=True)
class Model:
    """The encoder, and one unit vector per description with the label that it describes."""

    tokenizer: Tokenizer
    session: onnxruntime.InferenceSession
    labels: list[str]
    descriptions: np.ndarray

    def embed(self, texts: list[str]) -> np.ndarray:
        """Unit vectors (len(texts), 384), float32."""
        parts = []
        for start in range(0, len(texts), BATCH):
            encoded = self.tokenizer.encode_batch(texts[start : start + BATCH])
            feed = {
                "input_ids": np.array([one.ids for one in encoded], dtype=np.int64),
                "attention_mask": np.array([one.attention_mask for one in encoded], dtype=np.int64),
            }
            parts.append(self.session.run(["sentence_embedding"], feed)[0])
        return np.concatenate(parts)


def model_fn(model_dir):
    """Load the encoder and embed the descriptions of labels.json."""
    folder = Path(model_dir)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.enable_padding()
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
    described = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    pairs = [(label, text) for label, texts in described.items() for text in texts]
    bare = Model(tokenizer, session, [label for label, _ in pairs], np.empty((0, 0), dtype=np.float32))
    return Model(tokenizer, session, bare.labels, bare.embed([text for _, text in pairs]))


def predict_fn(data, model):
    """The nearest label for each text."""
    return predict_batch_fn([data], model)[0]


def predict_batch_fn(items, model):
    """The answers to several requests that wait at the same time, from the same calls of the encoder."""
    asked = [_texts(data) for data in items]
    found = iter(_nearest([text for texts, _ in asked for text in texts], model))
    answers = [[next(found) for _ in texts] for texts, _ in asked]
    return [answer[0] if single else answer for answer, (_, single) in zip(answers, asked, strict=True)]


def _nearest(texts, model):
    if not texts:
        return []
    cosines = model.embed(texts) @ model.descriptions.T
    return [
        {"label": model.labels[column], "score": round(float(row[column]), 4)}
        for row, column in zip(cosines, cosines.argmax(axis=1), strict=True)
    ]


def _texts(data):
    """The texts of a request, and whether it is a single one. Raises ValueError for what cannot be read."""
    if not isinstance(data, dict) or set(data) not in ({"text"}, {"texts"}):
        raise ValueError('The input is not {"text": "..."} or {"texts": ["...", ...]}; send one of them.')
    single = "text" in data
    texts = [data["text"]] if single else data["texts"]
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ValueError('"text" takes a string, "texts" a list of strings.')
    if len(texts) > MAX_TEXTS:
        raise ValueError(f'"texts" holds {len(texts)} texts; send at most {MAX_TEXTS} at once.')
    for text in texts:
        if not text.strip():
            raise ValueError("A text is empty; send at least one word.")
        if len(text) > MAX_CHARACTERS:
            raise ValueError(f"A text has {len(text)} characters; send at most {MAX_CHARACTERS}.")
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise ValueError(
                "A text holds half of a surrogate pair, which is no character; send valid Unicode."
            )
    return texts, single
