"""What the host takes from its environment, and how many cores it has."""

import os

import pytest

from model_packaging.hosts import cores
from model_packaging.hosts.settings import InvalidSetting, Settings


def test_what_is_not_said_is_the_default():
    assert Settings.of({}) == Settings()
    assert Settings.of({"MODELYARD_MAX_BATCH_SIZE": ""}) == Settings()


def test_what_is_said_counts():
    said = {
        "MODELYARD_BODY_LIMIT_BYTES": "26214400",
        "MODELYARD_MAX_BATCH_SIZE": "8",
        "MODELYARD_MAX_WAIT_MS": "0",
        "MODELYARD_THREADS": "3",
        "MODELYARD_QUEUE_SIZE": "5",
        "MODELYARD_QUEUE_SECONDS": "0.5",
        "MODELYARD_LOG_LEVEL": "WARNING",
    }
    assert Settings.of(said) == Settings(26_214_400, 8, 0.0, 3, 5, 0.5, "warning")


@pytest.mark.parametrize(
    "name, value, told",
    [
        ("MAX_BATCH_SIZE", "0", "MODELYARD_MAX_BATCH_SIZE is 0; write a whole number of at least 1."),
        ("MAX_BATCH_SIZE", "1.5", "MODELYARD_MAX_BATCH_SIZE is '1.5'; write a whole number of at least 1."),
        ("MAX_WAIT_MS", "-1", "at least 0.0"),
        ("MAX_WAIT_MS", "nan", "at least 0.0"),
        ("QUEUE_SECONDS", "inf", "at least 0.001"),
        ("LOG_LEVEL", "loud", "MODELYARD_LOG_LEVEL is 'loud'; write one of debug, info, warning, error."),
    ],
)
def test_what_cannot_be_is_named(name, value, told):
    with pytest.raises(InvalidSetting) as caught:
        Settings.of({f"MODELYARD_{name}": value})
    assert told in str(caught.value)


def test_the_largest_bodies_always_have_a_place():
    assert Settings(body_limit_bytes=1024**3).queue_bytes == 4 * 1024**3


@pytest.mark.parametrize(
    "quota, allowed",
    [("max 100000", None), ("50000 100000", 1), ("100000 100000", 1), ("99900000 100000", None), ("", None)],
)
def test_a_containers_quota_counts(tmp_path, quota, allowed):
    file = tmp_path / "cpu.max"
    file.write_text(quota)
    mine = len(os.sched_getaffinity(0))
    assert cores.available(file) == (allowed or mine)
    assert cores.available(tmp_path / "none") == mine


def test_threads_have_their_share_of_what_is_left_open(tmp_path):
    (tmp_path / "cpu.max").write_text("100000 100000")
    environment = {"OMP_NUM_THREADS": "7"}
    cores.share(environment, 2, tmp_path / "cpu.max")
    assert environment["OMP_NUM_THREADS"] == "7" and environment["MKL_NUM_THREADS"] == "1"


@pytest.mark.parametrize(
    "quota, given, parallel",
    [
        ("100000 100000", {}, "false"),
        ("max 100000", {}, None),
        ("100000 100000", {"RAYON_NUM_THREADS": "2"}, None),
        ("100000 100000", {"TOKENIZERS_PARALLELISM": "true"}, "true"),
    ],
)
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two cores, of which a quota leaves one")
def test_a_thread_with_one_core_tokenizes_by_itself(tmp_path, quota, given, parallel):
    file = tmp_path / "cpu.max"
    file.write_text(quota)
    environment = dict(given)
    cores.share(environment, 1, file)
    assert environment.get("TOKENIZERS_PARALLELISM") == parallel


def test_one_thread_unless_the_handler_says_that_it_is_safe():
    assert Settings(threads=4).threads_for(False) == 1
    assert Settings(threads=4).threads_for(True) == 4
    assert Settings().threads_for(True) == cores.available()
