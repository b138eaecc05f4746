"""Measuring a handler in a process of its own."""

from importlib.machinery import EXTENSION_SUFFIXES

import pytest

from model_packaging.artifact import build_archive
from model_packaging.errors import HandlerError
from model_packaging.functions import Target, build_function
from model_packaging.hosts.handler import Handler
from model_packaging.latency import WARM_UP, Latency, is_foreign, measure, rank, run, sample
from model_packaging.manifest import Entry


@pytest.mark.parametrize("percent, expected", [(0, 1), (50, 2), (51, 3), (75, 3), (99, 4), (100, 4)])
def test_ranks_are_nearest_ranks(percent, expected):
    assert rank([4, 1, 3, 2], percent) == expected


def test_times_are_those_of_the_clock_and_leave_the_warm_up_out():
    asked = []
    seconds = iter(
        [0.0, 2.0, *[t for n in range(WARM_UP) for t in (10.0, 90.0)], 0, 0.001, 0, 0.003, 0, 0.005]
    )
    handler = Handler(None, lambda data, model: asked.append(data))
    assert run(lambda: handler, b"7", 3, lambda: next(seconds)) == Latency(2000.0, 3.0, 5.0, 3)
    assert asked == [7] * (WARM_UP + 3)


def test_processors_are_those_of_the_requests_that_count():
    seconds = iter([0.0, 2.0, *[0.0] * 2 * WARM_UP, 0, 0.001, 0, 0.003])
    spent = iter([5.0, 5.006])
    found = run(
        lambda: Handler(None, lambda data, model: data), b"7", 2, lambda: next(seconds), lambda: next(spent)
    )
    assert found.threads == 1.5  # 6 ms of processors in 4 ms
    assert found.peak_mb is None or found.peak_mb > 10


def test_the_memory_is_the_models_own_and_not_that_of_who_measures(make_model, tmp_path):
    """A child begins with its parent's ru_maxrss: what this process has must not count."""
    ballast = bytearray(200_000_000)
    small = make_model({"inference.py": "def predict_fn(data, model): return data"})
    least = measure(small.directory(tmp_path), b"1", runs=3)
    large = make_model(
        {"inference.py": "held = b'x' * 90_000_000\ndef predict_fn(data, model): return data"}, name="large"
    )
    most = measure(large.directory(tmp_path), b"1", runs=3)
    assert len(ballast) and 0 < least.peak_mb < 150
    assert 80 < most.peak_mb - least.peak_mb < 110
    assert least.threads > 0


def test_a_folder_and_both_artifacts_can_be_measured(make_model, tmp_path, cache):
    model = make_model(
        {"inference.py": "print('loading')\ndef predict_fn(data, model): return data", "sample.json": "[1]"}
    )
    request = sample(model.directory(tmp_path))
    assert request == b"[1]"
    built = [
        build_archive(model, tmp_path, cache).file,
        build_function(model, tmp_path, cache).file,
        build_function(model, tmp_path, cache, Target(package="image")).file,
    ]
    for source in (model.directory(tmp_path), *built):
        latency = measure(source, request, runs=5)
        assert 0 < latency.p50_ms <= latency.p99_ms < 1000 and latency.runs == 5


def test_a_folder_without_a_sample_says_so(make_model, tmp_path):
    assert sample(make_model().directory(tmp_path)) is None


@pytest.mark.parametrize(
    "source, told",
    [
        ("def predict_fn(data, model): raise ValueError('not like that')", "sample.json: not like that"),
        ("import does_not_exist", "No module named 'does_not_exist'"),
        ("import os; os._exit(9)", "exit code 9"),
    ],
)
def test_a_handler_that_fails_is_told_in_one_line(make_model, tmp_path, source, told):
    model = make_model({"inference.py": source})
    with pytest.raises(HandlerError, match=told) as caught:
        measure(model.directory(tmp_path), b"1")
    assert "\n" not in str(caught.value)


def test_a_handler_that_hangs_is_given_up(make_model, tmp_path):
    model = make_model({"inference.py": "import time; time.sleep(60)"})
    with pytest.raises(HandlerError, match="took more than 1 s for 30 requests"):
        measure(model.directory(tmp_path), b"1", timeout_seconds=1)


@pytest.mark.parametrize(
    ("file", "foreign"),
    [
        (f"numpy/core{EXTENSION_SUFFIXES[0]}", False),
        ("numpy/core.cpython-38-aarch64-linux-gnu.so", True),
        ("tokenizers/tokenizers.abi3.so", False),
        ("inference.py", False),
    ],
)
def test_packages_for_another_python_or_processor_are_known_by_their_names(tmp_path, file, foreign):
    assert is_foreign([Entry(file, tmp_path, "0", 1)]) is foreign
