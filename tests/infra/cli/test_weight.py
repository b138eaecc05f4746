"""What a verb loads: the bill and the help start neither Node nor a framework."""

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]
HEAVY = (
    "torch",
    "onnxruntime",
    "cdktn",
    "jsii",
    "moto",
    "transformers",
    "sklearn",
    "boto3",
    "botocore",
    "numpy",
)
SCRIPT = f"""
import subprocess, sys
from infra.cli import main
started = []
real = subprocess.Popen.__init__
subprocess.Popen.__init__ = lambda self, *words, **more: (started.append(words), real(self, *words, **more))[1]
try:
    main(sys.argv[1:])
except SystemExit as end:
    print("heavy", [name for name in {HEAVY} if name in sys.modules], "processes", started, "code", end.code)
"""


COMPARE = ["compare", "triage", "--env", "dev", "--plans", "lambda,always-on", "--instance-types", "m5.large"]


@pytest.mark.parametrize(
    "words", [["--help"], ["cost", "triage", "--env", "dev"], ["cost", "--help"]], ids=" ".join
)
def test_nothing_heavy_is_loaded_and_no_process_started(words):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *words], cwd=PROJECT, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "heavy [] processes [] code 0", done.stdout + done.stderr


def test_a_comparison_loads_numpy_and_nothing_else_that_is_heavy():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *COMPARE], cwd=PROJECT, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "heavy ['numpy'] processes [] code 0", done.stdout + done.stderr


def test_a_comparison_without_numpy_is_one_line_with_what_to_install():
    script = f"import sys; sys.modules['numpy'] = None\n{SCRIPT}"
    done = subprocess.run(
        [sys.executable, "-c", script, *COMPARE], cwd=PROJECT, capture_output=True, text=True, timeout=60
    )
    assert done.stderr == (
        "error: A comparison simulates a month, and numpy is not installed; run: python -m pip install numpy\n"
    )
    assert done.stdout.splitlines()[-1].endswith("processes [] code 1")
