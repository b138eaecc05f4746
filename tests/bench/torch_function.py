"""The triage handler as a user of Lambda writes it without an export: PyTorch in float32 and transformers' tokenizer."""

import json
import os
from pathlib import Path

import torch
from transformers import AutoModel, AutoTokenizer

WEIGHTS = Path(os.environ["WEIGHTS"])
DESCRIBED = json.loads(Path(os.environ["LABELS"]).read_text())

tokenizer = AutoTokenizer.from_pretrained(WEIGHTS)
model = AutoModel.from_pretrained(WEIGHTS).eval()


def embed(texts):
    """Unit vectors (len(texts), 384)."""
    encoded = tokenizer(texts, padding=True, truncation=True, max_length=256, return_tensors="pt")
    with torch.inference_mode():
        hidden = model(**encoded).last_hidden_state
    mask = encoded["attention_mask"].unsqueeze(-1)
    mean = (hidden * mask).sum(1) / mask.sum(1)
    return torch.nn.functional.normalize(mean, dim=-1)


LABELS = [label for label, texts in DESCRIBED.items() for _ in texts]
DESCRIPTIONS = embed([text for texts in DESCRIBED.values() for text in texts])


def handler(event, context):
    """The nearest label."""
    cosines = embed([event["text"]]) @ DESCRIPTIONS.T
    nearest = int(cosines[0].argmax())
    return {"label": LABELS[nearest], "score": round(float(cosines[0, nearest]), 4)}
