"""What all tests stand on."""

import os
import signal
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings

# The prices that the kit carries, and none that someone has read from AWS on this machine.
os.environ["MODELYARD_PRICES"] = str(Path(tempfile.gettempdir()) / "modelyard-has-no-prices-of-its-own")

# A run that was started in the background, or by nohup, inherits ignored signals, and so would every program that it
# starts: those that test what a Ctrl-C or a closed terminal does would wait for nothing.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# How long an example takes says how busy the machine is; Hypothesis fails one that takes 200 ms.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")
