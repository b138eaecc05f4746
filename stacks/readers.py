"""Two models that are seldom asked: one without a machine of its own, and both together on one machine."""

from infra import Environment, MultiModelEndpoint, ServerlessEndpoint, Stack
from model_packaging import Model

digits = Model("models/digits", framework="sklearn", weights=("weights.npz",), prepare="train.py")
triage = Model(
    "models/triage", framework="onnx", weights=("model.onnx", "tokenizer.json"), prepare="export.py"
)


def stack(env: Environment) -> Stack:
    """Digits on SageMaker Serverless, which joins no network of ours; digits and triage behind one endpoint."""
    both, type = [digits, triage], env["instance"]
    return Stack(
        "readers",
        env,
        [
            ServerlessEndpoint("rare", model=digits, memory_mb=2048, network=False, data_capture=False),
            MultiModelEndpoint("both", models=both, instance_type=type, data_capture=False),
        ],
    )
