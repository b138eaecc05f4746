"""A variant of a multi-model endpoint: loads the model that a request names, and unloads the least used for it."""

import hashlib
import json
import threading
from collections import Counter, OrderedDict
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from infra.local.container import Container, ContainerFailed
from infra.local.exchange import Reply, Stream
from infra.local.overlay import objects
from infra.local.overlay.faults import NotModelled
from infra.local.overlay.instances import Instances
from infra.local.overlay.runtime_errors import ModelError, RuntimeValidationError
from infra.local.overlay.sites import Site
from infra.local.overlay.stopwatch import Stopwatch
from infra.local.overlay.variants import Answer, Call
from infra.local.telemetry import Metric

STREAMED = "InvokeEndpointWithResponseStream"
NO_MEMORY, LOADED, NOT_FOUND = 507, 409, 404
JSON = {"Content-Type": "application/json", "Accept": "application/json"}
TARGET_MODEL = "X-Amzn-SageMaker-Target-Model"


class MultiModel(Instances):
    """A variant whose container speaks the contract for several models, and whose data is an S3 prefix."""

    def __init__(self, site: Site, production: Mapping[str, Any], definition: Mapping[str, Any]) -> None:
        super().__init__(site, production, definition)
        self._prefix: str = definition["ModelDataUrl"]
        self._shelf = _Shelf()

    def answer(self, container: Container, call: Call) -> Answer:
        """The answer of the model that the call names, loaded where it is not. Raises AWS's errors."""
        if call.target_model is None:
            raise RuntimeValidationError(
                f"Endpoint {self.site.endpoint} has several models; name one by TargetModel."
            )
        name = hashlib.sha256(call.target_model.encode()).hexdigest()[:32]
        headers = {**call.headers, TARGET_MODEL: call.target_model}
        path = f"/models/{quote(name)}/invoke"
        with self._shelf.using(name):
            metrics = self._provide(container, name, call.target_model)
            reply = container.send("POST", path, call.body, headers, call.timeout_seconds)
            if reply.status == NOT_FOUND:  # its process ended, or the whole container was started anew
                self._shelf.forget(name)
                metrics = self._provide(container, name, call.target_model)
                reply = container.send("POST", path, call.body, headers, call.timeout_seconds)
        return Answer(reply, metrics)

    def stream(self, container: Container, call: Call) -> Stream:
        """Not modelled."""
        raise NotModelled("sagemaker-runtime", STREAMED, "of a multi-model endpoint")

    def gauges(self) -> tuple[Metric, ...]:
        """How many models are loaded."""
        return (Metric("LoadedModelCount", len(self._shelf.names()), "None"),)

    def end(self) -> None:
        """Stop the process, and forget what it had loaded."""
        super().end()
        self._shelf.clear()

    def _new_container(self) -> Container:
        environment = {**self.definition.get("Environment", {}), "SAGEMAKER_MULTI_MODEL": "true"}
        return self.site.container(self.name, {**self.definition, "Environment": environment})

    def _provide(self, container: Container, name: str, target: str) -> tuple[Metric, ...]:
        if self._shelf.touch(name):
            return (Metric("ModelCacheHit", 1, "None"),)
        with self._shelf.loading:
            if self._shelf.touch(name):
                return (Metric("ModelCacheHit", 1, "None"),)
            watch = Stopwatch()
            content = self._download(target)
            try:
                folder = container.lay(name, content, self.startup_timeout_seconds)
            except ContainerFailed as error:
                raise RuntimeValidationError(f"Model {target} cannot be made ready: {error}") from error
            watch.lap("ModelDownloadingTime")
            reply = self._load(container, name, str(folder))
            while reply.status == NO_MEMORY:
                victim = self._shelf.oldest()
                if victim is None:
                    break
                watch.lap("ModelLoadingTime")
                self._unload(container, victim)
                watch.lap("ModelUnloadingTime")
                reply = self._load(container, name, str(folder))
            watch.lap("ModelLoadingTime")
            if reply.status not in (200, LOADED):
                container.clear(name)
                message = reply.body.decode(errors="replace")
                place = (self.site.endpoint, self.site.region, self.site.account_id)
                raise ModelError(*place, reply.status, message)
            self._shelf.add(name)
            return (
                Metric("ModelCacheHit", 0, "None"),
                Metric("ModelLoadingWaitTime", watch.total(), "Microseconds"),
                *watch.metrics(),
            )

    def _download(self, target: str) -> bytes:
        uri = objects.join(self._prefix, target)
        try:
            return objects.read(self.site.account_id, self.site.partition, uri)[0]
        except LookupError:
            bucket, key = objects.split(uri)
            raise RuntimeValidationError(
                f"Failed to download model data(bucket: {bucket}, key: {key}). Please ensure that there is an "
                "object located at the URL and that the role passed to CreateModel has permissions to download "
                "the model."
            ) from None

    def _load(self, container: Container, name: str, folder: str) -> Reply:
        body = json.dumps({"model_name": name, "url": folder}).encode()
        return container.send("POST", "/models", body, JSON, self.startup_timeout_seconds)

    def _unload(self, container: Container, name: str) -> None:
        container.send("DELETE", f"/models/{quote(name)}", b"", JSON, self.startup_timeout_seconds)
        self._shelf.forget(name)
        container.clear(name)


class _Shelf:
    """The loaded models, the least recently used first; those in use are not to be unloaded."""

    def __init__(self) -> None:
        self.loading = threading.Lock()
        self._lock = threading.Lock()
        self._names: OrderedDict[str, None] = OrderedDict()
        self._in_use: Counter[str] = Counter()

    def using(self, name: str) -> "_Use":
        """Keeps a model from being unloaded for the length of a `with`."""
        return _Use(self._in_use, self._lock, name)

    def touch(self, name: str) -> bool:
        """Whether it is loaded; then it is the most recently used."""
        with self._lock:
            if name in self._names:
                self._names.move_to_end(name)
                return True
            return False

    def add(self, name: str) -> None:
        with self._lock:
            self._names[name] = None

    def forget(self, name: str) -> None:
        with self._lock:
            self._names.pop(name, None)

    def clear(self) -> None:
        with self._lock:
            self._names.clear()

    def names(self) -> list[str]:
        with self._lock:
            return list(self._names)

    def oldest(self) -> str | None:
        """What may be unloaded first; None where all are in use."""
        with self._lock:
            return next((name for name in self._names if not self._in_use[name]), None)


class _Use:
    def __init__(self, counts: Counter[str], lock: threading.Lock, name: str) -> None:
        self._counts, self._lock, self._name = counts, lock, name

    def __enter__(self) -> None:
        with self._lock:
            self._counts[self._name] += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._counts[self._name] -= 1
