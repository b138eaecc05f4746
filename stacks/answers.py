"""Handwritten digits read by Lambda: out of a container image, and one after the other from what is kept ready."""

from infra import Environment, FunctionUrl, LambdaEndpoint, Stack, TargetTracking
from model_packaging import Model

digits = Model("models/digits", framework="sklearn", weights=("weights.npz",), prepare="train.py")


def stack(env: Environment) -> Stack:
    """The same model twice: nothing while nobody asks, and without a cold start for a web page."""
    ready = TargetTracking(min_capacity=1, max_capacity=env["max_ready"], utilization=0.7)
    return Stack(
        "answers",
        env,
        [
            LambdaEndpoint(
                "whole",
                model=digits,
                package="image",
                architecture=env["function_architecture"],
                ephemeral_storage_mb=1024,
                url=None,
            ),
            LambdaEndpoint(
                "streamed",
                model=digits,
                provisioned_concurrency=1,
                autoscaling=ready,
                url=FunctionUrl(streaming=True, cors_origins=[env["web_page"]]),
                network=False,  # Lambda streams from no URL of a function in a VPC
            ),
        ],
    )
