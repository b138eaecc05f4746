"""BentoML's side: the same int8 model, with BentoML's own adaptive batching. MODEL_DIR is the model's folder."""

import os
from pathlib import Path

import bentoml
from inference import Model


@bentoml.service(workers=1, traffic={"timeout": 60})
class Triage:
    def __init__(self) -> None:
        self.model = Model(Path(os.environ["MODEL_DIR"]))

    @bentoml.api(batchable=True)
    def invocations(self, texts: list[str]) -> list[dict]:
        return self.model.classify(texts)
