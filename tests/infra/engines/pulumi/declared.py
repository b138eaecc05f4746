"""What a Pulumi program asks for, under Pulumi's own mocks: no `pulumi` program and no AWS."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi.runtime import mocks, rpc, settings, stack


@dataclass(frozen=True)
class Declared:
    """One resource as Pulumi's engine was asked for it: inputs with every reference resolved, and the whole request."""

    token: str
    name: str
    inputs: Mapping[str, Any]
    request: Any


@dataclass
class Engine(mocks.Mocks):
    """Answers every resource with its inputs, and with `TOKEN.NAME.attribute` for what it was not told.

    `answers` changes what is said of an attribute, by token.
    """

    outputs_of: Callable[[str], list[str]]
    answers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        mark = f"{args.typ}.{args.name}"
        told = {name: f"{mark}.{name}" for name in self.outputs_of(args.typ)}
        return f"{mark}.id", {**told, **args.inputs, **self.answers.get(args.typ, {})}

    def call(self, args: mocks.MockCallArgs) -> dict[str, Any]:
        raise AssertionError(
            f"{args.token} is asked for, and a blueprint needs nothing that has to be looked up"
        )


class Monitor(mocks.MockMonitor):
    """Keeps every request: the mocks see neither dependencies nor the order of a replacement."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.declared: list[Declared] = []
        self.outputs: dict[str, Any] = {}

    def RegisterResource(self, request: Any) -> Any:
        if request.type != "pulumi:pulumi:Stack":
            inputs = rpc.deserialize_properties(request.object)
            self.declared.append(Declared(request.type, request.name, inputs, request))
        return super().RegisterResource(request)

    def RegisterResourceOutputs(self, request: Any) -> Any:
        if "::pulumi:pulumi:Stack::" in request.urn:
            self.outputs |= rpc.deserialize_properties(request.outputs)
        return super().RegisterResourceOutputs(request)


def run(
    program: Callable[[], None],
    *,
    preview: bool = False,
    answers: Mapping[str, Mapping[str, Any]] | None = None,
    outputs_of: Callable[[str], list[str]] = lambda token: ["arn"],
    kept: list[Declared] | None = None,
) -> Monitor:
    """Runs `program` to its end, with all that it set going; raises what it raised. `kept` is added to all the same."""
    monitor = Monitor(Engine(outputs_of, answers or {}))
    if kept is not None:
        monitor.declared = kept
    loop = asyncio.new_event_loop()
    # A program that fails leaves outputs that nobody waits for, and asyncio would tell of each.
    loop.set_exception_handler(lambda loop, context: None)
    asyncio.set_event_loop(loop)
    mocks.set_mocks(monitor.mocks, project="modelyard", stack="test", preview=preview, monitor=monitor)
    settings.set_root_resource(None)  # the mocks make one, and so does what runs the program
    settings.SETTINGS.outputs.clear()
    loop.run_until_complete(stack.run_in_stack(program))
    return monitor
