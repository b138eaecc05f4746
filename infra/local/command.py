"""Runs a command as the launcher's child, and ends as it ends. Only the standard library.

    command.py WORD...

The launcher's thread on the lifeline stays beside it; a SIGTERM goes on to the command, as to a container's first
process.
"""

import signal
import subprocess
import sys


def main() -> int:
    """The command's exit code; 128 and the signal's number where one ended it, as a shell has it."""
    process = subprocess.Popen(sys.argv[1:])
    signal.signal(signal.SIGTERM, lambda number, _: process.send_signal(number))
    code = process.wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
