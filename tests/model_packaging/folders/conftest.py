"""What a written folder answers: packaged, unpacked again, and asked through the host in this process."""

import asyncio
import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model_packaging import Model
from model_packaging.artifact import build_archive
from model_packaging.hosts.application import Application
from model_packaging.hosts.handler import Handler
from model_packaging.hosts.settings import Settings
from model_packaging.unpack import unpack
from tests.model_packaging.test_application import call

Ask = Callable[..., Any]


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Callable[[Model], Ask]]:
    """A written model -> a function that sends one or more bodies at once, and gives the answers, parsed."""
    apps, path = [], list(sys.path)

    def start(model: Model) -> Ask:
        artifact = build_archive(model, tmp_path, tmp_path / "cache")
        unpacked = tmp_path / f"unpacked-{len(apps)}"
        unpack(artifact.file, unpacked, artifact.entries)
        app = Application(Handler.load(unpacked), Settings(threads=1), unpacked)
        apps.append(app)

        async def answers(bodies: tuple[bytes, ...], kind: str) -> list[Any]:
            return await asyncio.gather(*(call(app, body, content_type=kind, accept=kind) for body in bodies))

        def ask(*bodies: Any, kind: str = "application/json", status: int = 200) -> Any:
            sent = tuple(body if isinstance(body, bytes) else json.dumps(body).encode() for body in bodies)
            found = asyncio.run(answers(sent, kind))
            assert [one[0] for one in found] == [status] * len(bodies), found
            read = json.loads if kind == "application/json" or status != 200 else bytes
            made = [read(one[2]) for one in found]
            return made[0] if len(made) == 1 else made

        return ask

    yield start
    for app in apps:
        app.close()
    sys.path[:] = path


def npy(array: Any) -> bytes:
    """An array as numpy.save writes it."""
    made = io.BytesIO()
    np.save(made, array)
    return made.getvalue()
