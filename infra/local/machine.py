"""What the overlay runs on: the server's folder, its address, its clock, and the processes that it holds."""

import itertools
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from infra.local.clock import Clock, RunningClock, Work
from infra.local.processes import Process

HOST = ("-m", "model_packaging.hosts.sagemaker")
"""What an endpoint's process runs: the host that speaks SageMaker's container contract."""


@dataclass
class Machine:
    """One per server. `host` is run by an endpoint's process with SM_MODEL_DIR and SAGEMAKER_BIND_TO_PORT.

    `aws_time` is AWS's clock. `sleep` is real, and so are the limits of processes and of HTTP.
    """

    home: Path
    endpoint_url: str = ""
    host: Sequence[str] = HOST
    aws_time: Clock = field(default_factory=RunningClock)
    sleep: Callable[[float], None] = time.sleep
    _processes: set[Process] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)
    _stopping: bool = False

    def clock(self) -> datetime:
        """AWS's time of now."""
        return self.aws_time.now()

    def pause(self, seconds: float) -> bool:
        """Wait that many seconds of AWS's time; False where the server ends meanwhile."""
        return self.aws_time.pause(seconds)

    def every(self, seconds: float, work: Work) -> None:
        """Run `work(now)` in a thread each time that so many seconds of AWS's time have passed."""
        self.aws_time.every(seconds, work)

    def new_directory(self, kind: str) -> Path:
        """A new, private directory for one process; it does not exist yet."""
        parent = self.home / kind
        parent.mkdir(parents=True, exist_ok=True)
        return parent / str(next(self._numbers))

    def hold(self, process: Process) -> Process:
        """Remember `process`, so that it ends with the server."""
        with self._lock:
            if not self._stopping:
                self._processes.add(process)
                return process
        process.kill()
        return process

    def release(self, process: Process) -> None:
        """Forget a process that ended."""
        with self._lock:
            self._processes.discard(process)

    def environment(self, region: str) -> dict[str, str]:
        """What AWS clients inside a process need to reach the embedded AWS instead of AWS."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_ACCESS_KEY_ID": "embedded",
            "AWS_SECRET_ACCESS_KEY": "embedded",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def stop(self) -> None:
        """End all processes, and all work on the clock; none can be started afterwards."""
        self.aws_time.stop()
        with self._lock:
            self._stopping = True
            processes, self._processes = self._processes, set()
        for process in processes:
            process.kill()
