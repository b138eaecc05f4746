"""The command line. stdout is data, stderr is progress; exit 0 done, 1 failed, 2 misuse, 130 interrupted.

Each verb is a module of its own, which imports what is heavy when it is called: `modelyard --help` loads no AWS
library. Nothing but the standard library is imported before a Ctrl-C is taken care of.
"""

import atexit
import gc
import os
import signal
import sys
from types import FrameType

DONE, INTERRUPTED = 0, 130

_OBJECTS_BEFORE_COLLECTING = 100_000
"""A verb mostly builds what it keeps (modules, botocore's models): looking for garbage in that took 0.15 s of 1.2 s."""


def main(arguments: list[str] | None = None) -> None:
    """Run one verb and exit with its code."""
    gc.set_threshold(_OBJECTS_BEFORE_COLLECTING)
    words = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    for number in (signal.SIGTERM, signal.SIGHUP):
        # Ignored is how `nohup` says that a closed terminal must not end it.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    try:
        code = _run(words, debug)
    except KeyboardInterrupt:
        code = INTERRUPTED
    if code == INTERRUPTED:
        print(
            "Interrupted; what was done is recorded, and the same command goes on from there.",
            file=sys.stderr,
        )
        sys.stdout.flush()
        sys.stderr.flush()
        # A terminal's Ctrl-C ends the Node of cdktn too, and jsii's farewell to it is a traceback of a broken pipe.
        os._exit(code)
    if not debug:
        atexit.register(_fall_silent)
    sys.exit(code)


def _fall_silent() -> None:
    """Everything is said. A Node that was only just started for cdktn, and is not needed, says farewell with
    'Error on jsii API channel to child process: Error: read ECONNRESET', which jsii passes on."""
    sys.stderr.flush()
    sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115 - pathlib would slow each start; it is open to the end


def _run(words: list[str], debug: bool) -> int:
    from infra.cli import failures
    from infra.cli.application import application

    try:
        application(words)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else DONE
    except Exception as error:
        if debug:
            raise
        print(failures.readable(error), file=sys.stderr)
        return failures.code(error)
    return DONE


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
