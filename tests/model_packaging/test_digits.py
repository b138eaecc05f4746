"""The second model, with its real weights: scikit-learn's digits."""

import importlib.util

import pytest

from model_packaging import Model
from model_packaging.hosts.faults import BadRequest

MODEL = Model("models/digits", framework="sklearn", weights=("weights.npz",), prepare="train.py")

pytestmark = pytest.mark.weights


@pytest.fixture(scope="module")
def training(folder):
    """The prepare script as a module."""
    spec = importlib.util.spec_from_file_location("digits_training", folder / "train.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_at_least_95_percent_of_the_held_out_digits_are_right(ask, training):
    images, digits = training.held_out()
    assert len(images) == 450
    found = [one["digit"] for one in ask({"images": images.tolist()})]
    assert sum(one == other for one, other in zip(found, digits.tolist(), strict=True)) >= 0.95 * 450


def test_no_held_out_image_was_trained_on(training):
    trained, held, *_ = training.split()
    assert len(trained) + len(held) == 1797
    assert not {image.tobytes() for image in trained} & {image.tobytes() for image in held}


def test_training_again_gives_the_same_bytes(folder, training, tmp_path):
    training.train(tmp_path / "weights.npz")
    assert (tmp_path / "weights.npz").read_bytes() == (folder / "weights.npz").read_bytes()


def test_rows_and_pixels_give_the_same_answer(ask, training):
    image = training.held_out()[0][0]
    flat, rows = (
        ask({"image": image.tolist()}),
        ask({"image": image.reshape(8, 8).tolist()}),
    )
    assert flat == rows and 0 < flat["probability"] <= 1


@pytest.mark.parametrize(
    "data, told",
    [
        ({}, "is not"),
        ({"image": [0] * 63}, "not 64 numbers"),
        ({"image": [0] * 63 + [17]}, "not a number from 0 to 16"),
        ({"image": [0] * 63 + [True]}, "not a number from 0 to 16"),
        ({"image": [0] * 63 + ["1"]}, "not a number from 0 to 16"),
        ({"image": [[]] * 64}, "not 64 numbers"),
        ({"images": 3}, "takes a list"),
    ],
)
def test_bad_input_is_told_in_one_line(ask, data, told):
    with pytest.raises(BadRequest, match=told):
        ask(data)
