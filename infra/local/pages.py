"""The server's own pages, below /_embedded/: who it is, its time, the log of what has a name, and faults on demand."""

from typing import Any, cast
from urllib.parse import parse_qs

from infra.local.clock import Clock
from infra.local.gateway import Page
from infra.local.wire import Environ

GROUPS = ("/aws/sagemaker/Endpoints/{}", "/aws/lambda/{}", "/aws/batch/{}")
"""Log groups of what has a name and runs."""


def pages(identity: str, time: Clock) -> dict[str, Page]:
    """The pages by name; `identity` tells one server from the next on the same port."""

    def health(environ: Environ) -> dict[str, Any]:
        return {"identity": identity, "time": time.now().isoformat(), "speed": time.speed}

    return {"health": health, "logs": logs, "interrupt": interrupt}


def logs(environ: Environ) -> list[dict[str, Any]]:
    """The log lines of the endpoint or function `?name=`: timestamp (ms), stream, message; oldest first."""
    from moto.logs.models import logs_backends

    name = parse_qs(environ.get("QUERY_STRING", "")).get("name", [""])[0]
    wanted = {group.format(name) for group in GROUPS}
    lines = [
        {"timestamp": event.timestamp, "stream": stream_name, "message": event.message}
        for _, _, backend in logs_backends.iter_backends()
        for group_name, group in list(cast(Any, backend).groups.items())
        if group_name in wanted
        for stream_name, stream in list(group.streams.items())
        for event in list(stream.events)
    ]
    return sorted(lines, key=lambda line: line["timestamp"])


def interrupt(environ: Environ) -> list[str]:
    """Reclaim the hosts of the job `?job=`, by id or by name the newest; with `child=`, of that one of an array.

    Which jobs they ran: empty where none was running.
    """
    from infra.local.overlay.batch import batch_backends

    query = parse_qs(environ.get("QUERY_STRING", ""))
    wanted, child = query.get("job", [""])[0], query.get("child", [None])[0]
    for _, _, backend in list(batch_backends.iter_backends()):
        found = cast(Any, backend).running(wanted)
        if found is not None:
            children = found.children or [found]
            return list(
                cast(Any, backend).runs.interrupt(
                    one for one in children if child is None or str(one.index) == child
                )
            )
    return []
