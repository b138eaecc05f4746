"""What stands for the `pulumi` program: its command line and its gRPC protocols, as far as the Automation API uses them.

It runs the program that it is given, through the same services as Pulumi (LanguageRuntime, ResourceMonitor, Engine,
Events), and keeps a state; what it makes is nowhere but there. A new `name` replaces a resource, all else updates it.
`operations.log` beside the state has what was done, in order. `LIVE` names a file of JSON: what an attribute of a URN's
name is on AWS, whatever was asked for.
"""

import importlib.util
import json
import os
import sys
import time
import types
from concurrent import futures
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

FAILED = 255


def protocols() -> None:
    """Loads what the gRPC services are made of, and not the rest of pulumi: that takes seconds, at every command."""
    global grpc, empty_pb2, json_format, struct_pb2, engine_pb2, engine_pb2_grpc, events_pb2, events_pb2_grpc
    global language_pb2, language_pb2_grpc, resource_pb2, resource_pb2_grpc
    (folder,) = importlib.util.find_spec("pulumi").submodule_search_locations
    for name, place in (("pulumi", folder), ("pulumi.runtime", f"{folder}/runtime")):
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__path__ = [place]
    import grpc
    from google.protobuf import empty_pb2, json_format, struct_pb2
    from pulumi.runtime.proto import (
        engine_pb2,
        engine_pb2_grpc,
        events_pb2,
        events_pb2_grpc,
        language_pb2,
        language_pb2_grpc,
        resource_pb2,
        resource_pb2_grpc,
    )


class State:
    """The stack's file in the backend."""

    def __init__(self) -> None:
        folder = Path(urlsplit(os.environ["PULUMI_BACKEND_URL"]).path)
        self.file, self.log = folder / "stack.json", folder / "operations.log"
        data = json.loads(self.file.read_text()) if self.file.is_file() else {}
        self.resources: list[dict[str, Any]] = data.get("resources", [])
        self.outputs: dict[str, Any] = data.get("outputs", {})
        self.provider: str = data.get("provider", "")

    def save(self) -> None:
        data = {"resources": self.resources, "outputs": self.outputs, "provider": self.provider}
        self.file.write_text(json.dumps(data, indent=1))

    def current(self, urn: str) -> dict[str, Any] | None:
        return next((one for one in self.resources if one["urn"] == urn and not one.get("delete")), None)

    def did(self, operation: str, resource: dict[str, Any]) -> None:
        with self.log.open("a") as stream:
            stream.write(f"{operation} {resource['type']} {resource['id']}\n")


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


class Monitor:
    """Takes what the program declares, compares it with the state, and does what has to be done."""

    def __init__(self, state: State, events: Events, stack: str, project: str, preview: bool) -> None:
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


class Engine:
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


def served(service: Any, kind: type) -> Any:
    """`service` with what it leaves out answered as Pulumi's generated class does: not implemented."""
    return type(
        kind.__name__, (type(service), kind), {"__init__": lambda self: self.__dict__.update(vars(service))}
    )()


def update(state: State, options: dict[str, str], preview: bool) -> int:
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
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(
        served(monitor, resource_pb2_grpc.ResourceMonitorServicer), server
    )
    engine_pb2_grpc.add_EngineServicer_to_server(
        served(Engine(events), engine_pb2_grpc.EngineServicer), server
    )
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
    return FAILED if answer.error else 0


def destroy(state: State, options: dict[str, str], preview: bool) -> int:
    """Removes all that the state holds; the program is not run."""
    events = Events(options["--event-log"])
    monitor = Monitor(state, events, options["--stack"], "", preview)
    monitor.tidy()
    events.send(False)
    return 0


def stack_command(state: State, words: list[str], options: dict[str, str]) -> int:
    """`pulumi stack ...`."""
    verb = words[0]
    if verb == "select" and not state.file.is_file():
        print(f"error: no stack named '{options['--stack']}' found", file=sys.stderr)
        return FAILED
    if verb == "init":
        state.provider = options["--secrets-provider"]
        state.save()
    elif verb == "output":
        print(json.dumps(state.outputs))
    elif verb == "history":
        moment = "2026-01-02T03:04:05.000Z"
        entry = {"kind": "update", "startTime": moment, "endTime": moment, "message": "", "environment": {}}
        print(
            json.dumps([{**entry, "config": {}, "result": "succeeded", "version": 1, "resourceChanges": {}}])
        )
    elif verb == "export":
        print(json.dumps({"version": 3, "deployment": {"resources": state.resources}}))
    elif verb == "import":
        state.resources = json.loads(Path(options["--file"]).read_text())["deployment"]["resources"]
        state.save()
    return 0


def main(arguments: list[str]) -> int:
    """One command."""
    options: dict[str, str] = {}
    words: list[str] = []
    takes = (
        "--stack",
        "--event-log",
        "--save-plan",
        "--plan",
        "--file",
        "--secrets-provider",
        "--exec-kind",
        "--color",
    )
    rest = iter(arguments)
    for word in rest:
        name, equals, value = word.partition("=")
        if name in takes:
            options[name] = value if equals else next(rest)
        elif word.startswith("--"):
            options[name] = value
        else:
            words.append(word)
    if words == ["version"]:
        print("v3.272.0")
        return 0
    state = State()
    if words[0] == "stack":
        return stack_command(state, words[1:], options)
    protocols()
    if words[0] == "destroy":
        return destroy(state, options, "--preview-only" in options)
    return update(state, options, words[0] == "preview")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
