"""Hand-written digits, read by scikit-learn."""

from infra import Environment, RealtimeEndpoint, Stack
from model_packaging import Model

digits = Model("models/digits", framework="sklearn", weights=("weights.npz",), prepare="train.py")


def stack(env: Environment) -> Stack:
    """One endpoint on one instance."""
    return Stack("digits", env, [RealtimeEndpoint("read", model=digits, instance_type=env["instance"])])
