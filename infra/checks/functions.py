"""What Lambda takes."""

import json
import re
from collections.abc import Iterator

from infra.checks.kinds import functions
from infra.environment import DIRECTORY
from infra.naming import STREAMING, WRAPPER
from infra.stack import Stack
from infra.workloads import LambdaEndpoint, TargetTracking
from model_packaging.model import HANDLER

# AWS Lambda's runtimes with a Python that gets security fixes (AWS Lambda runtimes page, 2026-11: python3.10 went out
# of support in October 2026), and for which packages are built here.
LAMBDA_RUNTIMES = ("python3.11", "python3.12", "python3.13", "python3.14")

ENVIRONMENT_BYTES = 4096
"""AWS Lambda Developer Guide, 'Lambda quotas': all variables together, as JSON."""

LEAST_UTILIZATION, MOST_UTILIZATION = 0.1, 0.9
"""AWS Lambda Developer Guide, 'Managing provisioned concurrency with Application Auto Scaling'."""

WHOLE_KB, STREAMED_KB = 6 * 1024, 200 * 1024
"""AWS Lambda Developer Guide, 'Lambda quotas': the largest answer."""

ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?")


def _runtimes(stack: Stack) -> Iterator[str]:
    for workload in functions(stack):
        if workload.runtime not in LAMBDA_RUNTIMES:
            yield (
                f"{workload.name}: Lambda has no runtime {workload.runtime!r} for a handler in Python that is kept "
                f"up to date; allowed are {', '.join(LAMBDA_RUNTIMES)}."
            )


def _environment(stack: Stack) -> Iterator[str]:
    for workload in functions(stack):
        streams = workload.url is not None and workload.url.streaming
        variables = {**workload.environment, **(STREAMING if streams else {})}
        size = len(json.dumps(variables, separators=(",", ":")).encode())
        if size > ENVIRONMENT_BYTES:
            yield (
                f"{workload.name}: its environment has {size} bytes as JSON; Lambda takes {ENVIRONMENT_BYTES}: put "
                "what is long into a file of the model's folder."
            )


def _utilization(stack: Stack) -> Iterator[str]:
    for workload in functions(stack):
        for policy in workload.autoscaling:
            value = policy.utilization if isinstance(policy, TargetTracking) else None
            if value is not None and not LEAST_UTILIZATION <= value <= MOST_UTILIZATION:
                yield (
                    f"{workload.name}: utilization is {value:g}; Lambda takes {LEAST_UTILIZATION:g} to "
                    f"{MOST_UTILIZATION:g}: write utilization=0.7."
                )


def _origins(stack: Stack) -> Iterator[str]:
    for workload in functions(stack):
        for origin in workload.url.cors_origins if workload.url is not None else ():
            if origin == "*":
                yield (
                    f"{workload.name}: cors_origins has '*', which lets every web page call it with its visitor's "
                    "browser; write the pages that may, such as 'https://app.example.com'."
                )
            elif ORIGIN.fullmatch(origin) is None:
                yield (
                    f"{workload.name}: {origin!r} is no origin of a web page; write scheme and host in lower case and "
                    "nothing after, such as 'https://app.example.com'."
                )


def _streaming(stack: Stack) -> Iterator[str]:
    for workload in functions(stack):
        if workload.url is None or not workload.url.streaming:
            continue
        if not _can_stream(stack, workload):
            yield (
                f"{workload.name}: its URL streams, and {workload.model.path}/{HANDLER} has no stream_fn; write "
                "stream_fn(data, model) that yields the answer's parts, or leave streaming out."
            )
        if stack.network(workload).vpc:
            yield (
                f"{workload.name}: its URL streams, and Lambda streams from no URL of a function in a VPC; leave "
                "streaming out, or write network=False."
            )
        if WRAPPER in workload.environment:
            yield (
                f"{workload.name}: streaming needs the variable {WRAPPER!r} for itself; leave it or streaming out."
            )


def _isolation(stack: Stack) -> Iterator[str]:
    # The environment's isolation is for the containers that can have it; a function that asks by itself is told.
    for workload in functions(stack):
        network = workload.network
        if network and network.isolated and not network.vpc:
            yield (
                f"{workload.name}: isolated cuts off containers of SageMaker, and Lambda has no such switch; write "
                "network=Network(subnet_ids=..., security_group_ids=...) of a VPC without a way out."
            )


def _responses(stack: Stack) -> Iterator[str]:
    for workload in functions(stack):
        response = stack.environment.usage.get(workload.name, {}).get("response_kb")
        streams = workload.url is not None and workload.url.streaming
        limit = STREAMED_KB if streams else WHOLE_KB
        # What is no number is told by the bill, which reads the whole table.
        if isinstance(response, int | float) and response > limit:
            instead = (
                "use an AsyncEndpoint, which writes to S3" if streams else "write FunctionUrl(streaming=True)"
            )
            yield (
                f"{workload.name}: {DIRECTORY / stack.environment.name}.toml says response_kb = {response:g}; Lambda "
                f"{'streams' if streams else 'answers in one piece with'} at most {limit} KB: answer less, or "
                f"{instead}."
            )


def _can_stream(stack: Stack, workload: LambdaEndpoint) -> bool:
    file = workload.model.directory(stack.base) / HANDLER
    # Where there is no such file, the check of models says so.
    return not file.is_file() or re.search(r"\bstream_fn\b", file.read_text(errors="replace")) is not None


CHECKS = (_runtimes, _environment, _utilization, _origins, _streaming, _responses, _isolation)
