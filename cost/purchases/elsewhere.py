"""What others than AWS ask: GPUs by the hour or the second, and models by the token.

Their prices have no AWS region. The sources stand in the rows of `data/providers.csv` and `data/llm.csv`.
"""

from dataclasses import dataclass
from typing import Literal

from cost.amount import Amount
from cost.purchases.charge import Meter, Metered


@dataclass(frozen=True, kw_only=True)
class HuggingFaceHours(Metered):
    """`replicas` of a Hugging Face Inference Endpoint up for `hours`, billed by the minute.

    `region` is the cloud: aws, azure or gcp. `instance` is such as `nvidia-t4 x1`.
    """

    meter = Meter(
        "hugging-face", "{instance}", "hour", ("hours", "replicas"), "Hugging Face Endpoint {instance}"
    )

    instance: str
    hours: Amount
    replicas: Amount = 1


@dataclass(frozen=True, kw_only=True)
class GpuSeconds(Metered):
    """`count` GPUs for `seconds`, of a provider that bills by the second, such as `H100` of `modal`."""

    meter = Meter("{provider}", "{gpu}", "second", ("seconds", "count"), "{gpu} on {provider}")

    provider: Literal["modal", "replicate", "runpod"]
    gpu: str
    seconds: Amount
    count: Amount = 1
    region: str = "global"


@dataclass(frozen=True, kw_only=True)
class Tokens(Metered):
    """`tokens` of a managed model: what goes in, what is read from the provider's cache, what comes out."""

    meter = Meter("llm", "{vendor} {model} {kind}", "token", ("tokens",), "{model} {kind} tokens")

    vendor: str
    model: str
    kind: Literal["input", "cached input", "output"]
    tokens: Amount
    region: str = "global"
