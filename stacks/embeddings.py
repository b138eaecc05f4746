"""Documents embedded overnight: an array job on spot machines, which go when it is done."""

from infra import BatchJob, Environment, Network, Stack
from model_packaging import Model

embed = Model("models/embed", framework="onnx", weights=("model.onnx", "tokenizer.json"), prepare="export.py")


def stack(env: Environment) -> Stack:
    """One object below the input prefix is one document; its embedding lies below the output prefix."""
    return Stack(
        "embeddings",
        env,
        [
            BatchJob(
                "embed",
                model=embed,
                instance_types=env["batch_instances"],
                max_vcpus=env["batch_max_vcpus"],
                array_size=env["batch_children"],
                vcpus=2,
                memory_mb=3072,
                attempts=5,
                schedule="cron(0 2 * * ? *)",
                timezone="Europe/Berlin",
                network=Network(subnet_ids=env["subnets"], security_group_ids=env["security_groups"]),
            )
        ],
    )
