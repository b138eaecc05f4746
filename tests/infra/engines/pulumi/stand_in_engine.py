"""What stands for Pulumi's engine: takes what a program declares, compares it with the state, and does what has to be done.

A new `name` replaces a resource, all else updates it. The variable `LIVE` names a file of JSON: what an attribute, as
NAME.attribute, is on AWS, whatever was asked for.
"""

import importlib.util
import json
import os
import sys
import time
import types
from concurrent import futures
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2

if TYPE_CHECKING:
    from stand_in import State

# What the services are made of, and not the rest of pulumi: that takes seconds, at every command.
(_FOLDER,) = importlib.util.find_spec("pulumi").submodule_search_locations
for _name, _place in (("pulumi", _FOLDER), ("pulumi.runtime", f"{_FOLDER}/runtime")):
    sys.modules[_name] = types.ModuleType(_name)
    sys.modules[_name].__path__ = [_place]

from pulumi.runtime.proto import (  # noqa: E402
    engine_pb2,
    engine_pb2_grpc,
    events_pb2,
    events_pb2_grpc,
    language_pb2,
    language_pb2_grpc,
    resource_pb2,
    resource_pb2_grpc,
)


class Events:
    """The stream of the engine's events, as `--event-log tcp://` asks for it."""

    def __init__(self, target: str) -> None:
        self.said: list[dict[str, Any]] = []
        self.target = target

    def say(self, **event: Any) -> None:
        self.said.append({"sequence": len(self.said), "timestamp": int(time.time()), **event})

    def step(
        self, operation: str, resource: dict[str, Any], done: bool, keys: list[str] | None = None
    ) -> None:
        known = {"type": resource["type"], "urn": resource["urn"], "id": resource.get("id", "")}
        metadata = {
            "op": operation,
            "urn": resource["urn"],
            "type": resource["type"],
            "provider": "",
            "new": known,
        }
        if keys:
            metadata["keys"] = keys
        self.say(resourcePreEvent={"metadata": metadata})
        if done:
            self.say(resOutputsEvent={"metadata": metadata})

    def send(self, failed: bool) -> None:
        self.say(summaryEvent={"maybeCorrupt": failed, "durationSeconds": 1, "resourceChanges": {}})
        requests = [events_pb2.EventRequest(event=json.dumps(event)) for event in self.said]
        with grpc.insecure_channel(self.target.removeprefix("tcp://")) as channel:
            events_pb2_grpc.EventsStub(channel).StreamEvents(iter(requests))


class Monitor(resource_pb2_grpc.ResourceMonitorServicer):
    """Takes what the program declares, compares it with the state, and does what has to be done."""

    def __init__(self, state: "State", events: Events, stack: str, project: str, preview: bool) -> None:
        self.state, self.events, self.preview = state, events, preview
        self.place = f"urn:pulumi:{stack}::{project}"
        self.seen: list[str] = []
        self.steps: list[str] = []
        live = os.environ.get("LIVE")
        self.live: dict[str, Any] = (
            json.loads(Path(live).read_text()) if live and Path(live).is_file() else {}
        )

    def SupportsFeature(self, request: Any, context: Any) -> Any:
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in ("aliasSpecs", "deletedWith"))

    def GetDeploymentInfo(self, request: Any, context: Any) -> Any:
        return resource_pb2.DeploymentInfo(
            supportedFeatures=[
                resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
                resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
            ]
        )

    def RegisterResource(self, request: Any, context: Any) -> Any:
        kind = (
            f"{request.parent.split('::')[2].split('$')[-1]}${request.type}"
            if request.parent
            else request.type
        )
        if request.parent.split("::")[2:3] == ["pulumi:pulumi:Stack"]:
            kind = request.type
        urn = f"{self.place}::{kind}::{request.name}"
        if not request.custom:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        inputs = json_format.MessageToDict(request.object)
        made = self._settle(urn, request, inputs)
        outputs = struct_pb2.Struct()
        json_format.ParseDict(made["outputs"], outputs)
        return resource_pb2.RegisterResourceResponse(
            urn=urn, id="" if self.preview and made["new"] else made["id"], object=outputs
        )

    def RegisterResourceOutputs(self, request: Any, context: Any) -> Any:
        if "::pulumi:pulumi:Stack::" in request.urn and not self.preview:
            self.state.outputs = json_format.MessageToDict(request.outputs)
        return empty_pb2.Empty()

    def SignalAndWaitForShutdown(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def _settle(self, urn: str, request: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        self.seen.append(urn)
        old = self.state.current(urn)
        name = inputs.get("name", request.name)
        made = {
            "urn": urn,
            "custom": True,
            "id": request.importId or f"{name}",
            "type": request.type,
            "inputs": inputs,
            "dependencies": list(request.dependencies),
        }
        live = {
            key.partition(".")[2]: value
            for key, value in self.live.items()
            if key.startswith(f"{request.name}.")
        }
        known = (
            inputs
            if self.preview and old is None
            else {**inputs, "arn": f"arn:{request.type}:{name}", **live}
        )
        told = {**made, "outputs": known, "new": old is None}
        if old is None:
            self._do("import" if request.importId else "create", made)
        elif old["inputs"] == inputs:
            self.events.step("same", made, done=True)
            return {**old, "outputs": {**old["outputs"], **live}, "new": False}
        elif old["inputs"].get("name") == inputs.get("name"):
            self._do("update", made)
        else:
            told["new"] = True
            self._replace(old, made, request.deleteBeforeReplace)
        if not self.preview:
            self.state.resources = [
                one for one in self.state.resources if one is not old or one.get("delete")
            ]
            self.state.resources.append({**made, "outputs": known})
            self.state.save()
        return told

    def _replace(self, old: dict[str, Any], made: dict[str, Any], delete_first: bool) -> None:
        self.events.step("replace", made, done=True, keys=["name"])
        if delete_first:
            self._do("delete-replaced", old)
        else:
            old["delete"] = True
        self._do("create-replacement", made)

    def _do(self, operation: str, resource: dict[str, Any]) -> None:
        self.steps.append(f"{operation} {resource['urn']}")
        self.events.step(operation, resource, done=not self.preview)
        if not self.preview:
            self.state.did(operation, resource)

    def planned(self) -> list[str]:
        """What is or was to be done; resources that do not depend on each other come in any order."""
        return sorted(self.steps)

    def tidy(self) -> None:
        """Deletes what was replaced, and what the program no longer declares."""
        for one in list(reversed(self.state.resources)):
            if one.get("delete") or one["urn"] not in self.seen:
                self._do("delete-replaced" if one.get("delete") else "delete", one)
                if not self.preview:
                    self.state.resources.remove(one)
        if not self.preview:
            self.state.save()


class Engine(engine_pb2_grpc.EngineServicer):
    """Takes what the program logs."""

    def __init__(self, events: Events) -> None:
        self.events = events
        self.root = ""

    def Log(self, request: Any, context: Any) -> Any:
        self.events.say(
            diagnosticEvent={
                "message": request.message,
                "severity": engine_pb2.LogSeverity.Name(request.severity).lower(),
                "urn": request.urn,
                "color": "never",
            }
        )
        return empty_pb2.Empty()

    def SetRootResource(self, request: Any, context: Any) -> Any:
        self.root = request.urn
        return engine_pb2.SetRootResourceResponse()

    def GetRootResource(self, request: Any, context: Any) -> Any:
        return engine_pb2.GetRootResourceResponse(urn=self.root)


def update(state: "State", options: dict[str, str], preview: bool) -> bool:
    """`preview` and `up`: run the program and do what it asks for; with a plan nothing but that."""
    events = Events(options["--event-log"])
    project = next(
        line.partition(":")[2].strip()
        for line in Path("Pulumi.yaml").read_text().splitlines()
        if line.startswith("name:")
    )
    stack = options["--stack"]
    monitor = Monitor(state, events, stack, project, preview)
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(monitor, server)
    engine_pb2_grpc.add_EngineServicer_to_server(Engine(events), server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    with grpc.insecure_channel(options["--client"]) as channel:
        answer = language_pb2_grpc.LanguageRuntimeStub(channel).Run(
            language_pb2.RunRequest(
                project=project,
                stack=stack,
                monitor_address=address,
                args=[address],
                dryRun=preview,
                parallel=4,
            )
        )
    if not answer.error:
        monitor.tidy()
    server.stop(0)
    if not preview:
        state.save()
    if "--save-plan" in options:
        Path(options["--save-plan"]).write_text(json.dumps(monitor.planned()))
    if "--plan" in options and not answer.error:
        assert monitor.planned() == json.loads(Path(options["--plan"]).read_text()), "not what was planned"
    events.send(bool(answer.error))
    return not answer.error


def destroy(state: "State", options: dict[str, str], preview: bool) -> bool:
    """Removes all that the state holds; the program is not run."""
    events = Events(options["--event-log"])
    monitor = Monitor(state, events, options["--stack"], "", preview)
    monitor.tidy()
    events.send(False)
    return True
