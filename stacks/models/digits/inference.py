"""Handwritten digits, 8 by 8 pixels from 0 to 16, by a small neural network that scikit-learn trained.

In: {"image": 64 numbers, or 8 rows of 8} or {"images": [...]}. Out: {"digit": 3, "probability": 0.98}, or a
list of them in the order of the images; streamed, one a line.
"""

from pathlib import Path

import numpy as np

PIXELS = 64
WHITE = 16.0
MAX_IMAGES = 10_000


def model_fn(model_dir):
    """The layers, as (weights, biases), and the digit of each output."""
    with np.load(Path(model_dir) / "weights.npz", allow_pickle=False) as arrays:
        layers = sum(name.startswith("weights_") for name in arrays.files)
        return [(arrays[f"weights_{n}"], arrays[f"biases_{n}"]) for n in range(layers)], arrays["classes"]


def predict_fn(data, model):
    """The likeliest digit of each image, with its probability."""
    images, single = _images(data)
    if not len(images):
        return []
    layers, classes = model
    values = images / WHITE
    for weights, biases in layers[:-1]:
        values = np.maximum(values @ weights + biases, 0)
    weights, biases = layers[-1]
    logits = values @ weights + biases
    likelihood = np.exp(logits - logits.max(axis=1, keepdims=True))
    likelihood /= likelihood.sum(axis=1, keepdims=True)
    found = [
        {"digit": int(classes[column]), "probability": round(float(row[column]), 4)}
        for row, column in zip(likelihood, likelihood.argmax(axis=1), strict=True)
    ]
    return found[0] if single else found


def stream_fn(data, model):
    """The digit of each image as soon as it is read."""
    images, _ = _images(data)
    for image in images:
        yield predict_fn({"image": image.tolist()}, model)


def _images(data):
    """The images (n, 64) of a request, and whether it is a single one. ValueError for anything else."""
    if not isinstance(data, dict) or set(data) not in ({"image"}, {"images"}):
        raise ValueError('The input is not {"image": [64 numbers]} or {"images": [...]}; send one of them.')
    single = "image" in data
    given = [data["image"]] if single else data["images"]
    if not isinstance(given, list) or len(given) > MAX_IMAGES:
        raise ValueError(f'"images" takes a list of at most {MAX_IMAGES} images.')
    return np.array([_pixels(image) for image in given]).reshape(-1, PIXELS), single


def _pixels(image):
    flat = image
    if isinstance(image, list) and all(isinstance(row, list) for row in image):
        flat = [pixel for row in image for pixel in row]
    if not isinstance(flat, list) or len(flat) != PIXELS:
        raise ValueError("An image is not 64 numbers, nor 8 rows of 8; send its pixels row by row.")
    if not all(type(pixel) in (int, float) and 0 <= pixel <= WHITE for pixel in flat):
        raise ValueError("A pixel is not a number from 0 to 16; 0 is paper and 16 is ink.")
    return [float(pixel) for pixel in flat]
