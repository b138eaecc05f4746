"""A parent for the tests: starts an embedded AWS that must not outlive it, says so, and waits to be killed."""

import json
import sys
import time
from pathlib import Path

from infra.local import daemon

started = daemon.up(Path(sys.argv[1]), parent_pipe=True, host=json.loads(sys.argv[2]))
print(started.pid, started.endpoint_url, flush=True)
time.sleep(600)
