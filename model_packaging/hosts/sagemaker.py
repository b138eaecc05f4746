"""The SageMaker host: GET /ping, POST /invocations, GET /execution-parameters and GET /metrics, as a container answers.

    SM_MODEL_DIR              where the model lies               /opt/ml/model
    SAGEMAKER_BIND_TO_PORT    the port                           8080
    MODELYARD_BIND            the address                        0.0.0.0
    SAGEMAKER_MULTI_MODEL     `true`: several models, loaded on request; see `multi_model`

`settings` has its bounds. The model is loaded before the port is opened: until then SageMaker's health check finds
nobody, and a handler that cannot load ends the process with its traceback and exit code 1.

Requests wait in a bounded queue for the thread that runs the handler; what has queued up while the model was busy is
one batch, where the handler has `predict_batch_fn`. /ping answers meanwhile, from the loop: Python code in the handler
leaves it a turn every few milliseconds, and libraries that let Python's lock go while they compute, as torch, ONNX
Runtime and NumPy do, leave it all the time. A library that holds the lock for longer than two seconds holds /ping,
too. No thread can help that; with SAGEMAKER_MULTI_MODEL the handler runs in another process than /ping.
"""

import contextlib
import gc
import io
import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping, MutableMapping
from pathlib import Path

from starlette.types import ASGIApp

from model_packaging.hosts import cores, multi_model
from model_packaging.hosts.application import Application
from model_packaging.hosts.handler import Handler, is_thread_safe
from model_packaging.hosts.journal import Journal
from model_packaging.hosts.listener import listen
from model_packaging.hosts.settings import InvalidSetting, Settings
from model_packaging.hosts.workers import Workers, memory_bytes

Listen = Callable[[ASGIApp, Mapping[str, str]], None]


def application(
    handler: Handler, settings: Settings | None = None, model_dir: Path | None = None
) -> Application:
    """The routes over a loaded handler; `model_dir` is where its measured profile may lie."""
    return Application(handler, settings or Settings.of(os.environ), model_dir)


def serve(environment: MutableMapping[str, str], run: Listen = listen) -> int:
    """Serve what `environment` names until SIGTERM. Returns the exit code; what is open of threads is set in it."""
    try:
        settings = Settings.of(environment)
    except InvalidSetting as error:
        print(error, file=sys.stderr)
        return 1
    if environment.get("SAGEMAKER_MULTI_MODEL", "").lower() == "true":
        return _serve_many(environment, settings, run)
    model_dir = Path(environment.get("SM_MODEL_DIR") or "/opt/ml/model")
    cores.share(environment, settings.threads_for(is_thread_safe(model_dir)))
    try:
        handler = Handler.load(model_dir)
    except Exception:
        traceback.print_exc(file=sys.stderr)
        return 1
    # What was loaded stays: a collection that looks at all of it takes as long as a few requests.
    gc.collect()
    gc.freeze()
    Journal(settings).write("info", {"message": f"loaded {model_dir}"})
    run(application(handler, settings, model_dir), environment)
    return 0


def _serve_many(environment: Mapping[str, str], settings: Settings, run: Listen) -> int:
    workers = Workers(environment, memory_bytes(environment))
    try:
        run(multi_model.application(workers, settings), environment)
    finally:
        workers.close()
    return 0


def main() -> int:
    """The process that an endpoint runs. SIGTERM and SIGINT end it with 0, after the running requests."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # what a handler prints is in the log when it is printed
    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn drains and then raises the signal again, which would end the process as killed.
        signal.signal(number, lambda *_: sys.exit(0))
    with contextlib.suppress(KeyboardInterrupt):
        return serve(os.environ)
    return 0


if __name__ == "__main__":
    sys.exit(main())
