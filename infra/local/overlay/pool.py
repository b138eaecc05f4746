"""The warm processes of one version of a function, as it was when the pool was made."""

import copy
import shutil
import threading
import uuid
from pathlib import Path

from moto.awslambda.models import LambdaFunction

from infra.local import pythons
from infra.local.machine import Machine
from infra.local.overlay import packages
from infra.local.overlay.faults import STATUS, Fault, NotModelled
from infra.local.sandbox import BOOTSTRAP, RUNTIME_API, OnPart, Outcome, Program, Sandbox
from infra.local.telemetry import LogStream

STREAM_WRAPPER = "/var/task/modelyard_host/stream.sh"

MAX_SANDBOXES = 4
"""Processes of one version at once; more concurrent invocations wait. Lambda itself starts up to 1000."""


class PoolClosed(Exception):
    """The function changed, or is gone, before the invocation began."""


class Pool:
    """Starts processes as invocations need them, until it is closed. `machine` is set once, when the server starts."""

    machine: Machine

    def __init__(self, function: LambdaFunction, fingerprint: str) -> None:
        self.fingerprint = fingerprint
        self._function = copy.copy(function)  # moto changes its own in place
        self._directory = self.machine.new_directory("functions")
        self._changed = threading.Condition()
        self._idle: list[Sandbox] = []
        self._running = 0
        self._kept = 0
        self._closed = False

    def invoke(self, request_id: str, arn: str, event: str, on_part: OnPart | None = None) -> Outcome:
        """Run the function in a warm process, or in a new one. Raises PoolClosed, or Fault where it cannot run."""
        sandbox = self._enter()
        try:
            if sandbox is None:
                sandbox = self._new_sandbox(provisioned=self._kept > 0)
            return sandbox.invoke(request_id, arn, event, str(self._function.version), on_part)
        finally:
            self._leave(sandbox)

    def keep(self, count: int) -> str | None:
        """Have `count` processes initialised before anybody asks, and from now on; why that failed, or None.

        At most `MAX_SANDBOXES` are started: further ones would answer no sooner on one machine.
        """
        with self._changed:
            fewer, self._kept = count < self._kept, count
            surplus = [self._idle.pop() for _ in range(len(self._idle) - count)] if fewer else []
        for unneeded in surplus:
            unneeded.stop()
        while True:
            with self._changed:
                if self._closed:
                    raise PoolClosed
                if len(self._idle) + self._running >= min(count, MAX_SANDBOXES):
                    return None
                self._running += 1
            sandbox: Sandbox | None = None
            try:
                sandbox = self._new_sandbox(provisioned=True)
                error = sandbox.prepare()
            finally:
                with self._changed:
                    # Fewer were asked for while it was prepared.
                    unwanted = self._kept < count and len(self._idle) >= self._kept
                if unwanted and sandbox is not None:
                    sandbox.stop()
                self._leave(None if unwanted else sandbox)
            if unwanted:
                return None
            if error is not None:
                return str(error.get("errorMessage", error))

    def close(self) -> None:
        """Stop the idle processes now and the busy ones after their invocation; the code goes with the last."""
        with self._changed:
            self._closed = True
            idle, self._idle = self._idle, []
            unused = self._running == 0
            self._changed.notify_all()
        for sandbox in idle:
            sandbox.stop()
        if unused:
            shutil.rmtree(self._directory, ignore_errors=True)

    def _enter(self) -> Sandbox | None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._running < MAX_SANDBOXES)
            if self._closed:
                raise PoolClosed
            self._running += 1
            while self._idle:
                sandbox = self._idle.pop()
                if sandbox.usable:
                    return sandbox
                sandbox.stop()
        return None

    def _leave(self, sandbox: Sandbox | None) -> None:
        with self._changed:
            self._running -= 1
            keep = sandbox is not None and sandbox.usable and not self._closed
            if keep and sandbox is not None:
                self._idle.append(sandbox)
            unused = self._closed and self._running == 0
            self._changed.notify_all()
        if sandbox is not None and not keep:
            sandbox.stop()
        if unused:
            shutil.rmtree(self._directory, ignore_errors=True)

    def _new_sandbox(self, *, provisioned: bool) -> Sandbox:
        function = self._function
        group = function.get_configuration()["LoggingConfig"]["LogGroup"]
        day = self.machine.clock().strftime("%Y/%m/%d")
        stream = f"{day}/[{function.version}]{uuid.uuid4().hex}"
        log = LogStream(function.account_id, function.region, group, stream, self.machine.clock)
        return Sandbox(self.machine, self._program(group, stream, provisioned), log)

    def _program(self, group: str, stream: str, provisioned: bool) -> Program:
        function = self._function
        with self._changed:
            self._directory.mkdir(exist_ok=True)
            package = packages.unpack(function, self._directory)
        temporary = self._directory / "tmp" / uuid.uuid4().hex
        temporary.mkdir(parents=True)
        environment = {
            **self.machine.environment(function.region),
            "AWS_ACCESS_KEY_ID": "role-account-id",
            "AWS_SECRET_ACCESS_KEY": "role-secret-key",
            "AWS_SESSION_TOKEN": "session-token",
            "TMPDIR": str(temporary),
            "TZ": ":UTC",
            "LANG": "en_US.UTF-8",
            **package.environment,
            **(function.environment_vars or {}),
            "LAMBDA_TASK_ROOT": str(package.task_root),
            "_HANDLER": package.handler,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{package.runtime}",
            "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
            "AWS_LAMBDA_FUNCTION_VERSION": str(function.version),
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "provisioned-concurrency" if provisioned else "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": group,
            "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        }
        try:
            interpreter = pythons.interpreter(package.runtime)
        except pythons.NoPython as error:
            raise Fault(STATUS, "NotImplemented", f"The embedded AWS cannot run it: {error}.") from error
        memory, timeout = int(function.memory_size), float(function.timeout)
        bootstrap = _bootstrap(environment.get("AWS_LAMBDA_EXEC_WRAPPER"))
        ephemeral = int(function.get_configuration()["EphemeralStorage"]["Size"])
        packaged = pythons.packages(self.machine.home)
        return Program(
            interpreter, package.task_root, environment, memory, timeout, packaged, bootstrap, ephemeral
        )


def _bootstrap(wrapper: str | None) -> Path:
    """What runs the function: Lambda's runtime, or the one that our wrapper starts in its place."""
    if wrapper not in (None, STREAM_WRAPPER):
        raise NotModelled("lambda", "Invoke", f"with AWS_LAMBDA_EXEC_WRAPPER {wrapper}")
    return BOOTSTRAP if wrapper is None else RUNTIME_API
