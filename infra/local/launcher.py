"""Runs a module or a file, and dies with the server that started it. Only the standard library.

    python launcher.py HOME -m MODULE [ARGUMENT...]
    python launcher.py HOME FILE [ARGUMENT...]

Standard input is the lifeline: a pipe whose other end only the server holds. Its end of file means that the
server is gone, even by kill -9, and the whole process group goes with it. HOME only marks the process, so
that `down` finds what belongs to it.
"""

import os
import runpy
import signal
import sys
import threading


def _follow(lifeline: int) -> None:
    while os.read(lifeline, 1):
        pass
    os.killpg(os.getpgrp(), signal.SIGKILL)


def main() -> None:
    """Move the lifeline away from standard input, watch it, and run the target as `__main__`."""
    lifeline = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    threading.Thread(target=_follow, args=(lifeline,), daemon=True).start()

    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib would slow each cold start
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != here]  # noqa: PTH100
    target = sys.argv[2:]
    if target[0] == "-m":
        sys.argv = target[1:]
        runpy.run_module(target[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = target
        runpy.run_path(target[0], run_name="__main__")


if __name__ == "__main__":
    main()
