"""A Hugging Face folder as a source: config.json and model.safetensors. The one place that imports transformers.

Nothing of the folder is run: no pickled weights, no code of its own.
"""

import hashlib
import inspect
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_packaging.errors import InvalidModel
from model_packaging.optimize import graph
from model_packaging.optimize.sources import check_fetched
from model_packaging.optimize.torch_module import TorchModule
from model_packaging.origins import CONFIG, WEIGHTS

if TYPE_CHECKING:
    from model_packaging.optimize.calibration import Feed


def hugging_face(
    folder: str | Path,
    example: "Feed",
    output: str,
    sizes: Mapping[int, tuple[str, int | None]] | None = None,
) -> TorchModule:
    """The model of the class that config.json names, as a source; its first output counts, such as the logits.

    `example` names the inputs in the order of its `forward`; `output` and `sizes` are those of `TorchModule`. Raises
    `InvalidModel` for pickled weights, for a folder that brings its own code, for a class that transformers lacks, for
    one that takes other inputs, for files that are damaged or do not fit each other, and where weights are missing
    that transformers would then make up.
    """
    folder = Path(folder)
    config = settings_of(folder)
    if not (folder / WEIGHTS).is_file():
        pickled = sorted(file.name for pattern in ("*.bin", "*.pt", "*.pth") for file in folder.glob(pattern))
        found = (
            f"has {pickled[0]}, a pickle: loading it runs whatever code it carries" if pickled else "has none"
        )
        raise InvalidModel(f"{folder} needs {WEIGHTS}, and {found}; save it with save_pretrained(FOLDER).")
    if "auto_map" in config:
        raise InvalidModel(
            f"{folder / CONFIG} names code of its own (auto_map), which is not run; build the module yourself, "
            "and give it as a TorchModule."
        )
    seen = hashlib.sha256(repr([list(example), output, sorted((sizes or {}).items())]).encode())
    for name in (CONFIG, WEIGHTS):
        seen.update(graph.sha256(folder / name).encode())
    return TorchModule(_module(folder, config, example), example, output, sizes, digest=seen.hexdigest())


def settings_of(folder: Path) -> dict[str, Any]:
    """What config.json says. Raises `InvalidModel`."""
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidModel(
            f"{folder / CONFIG} cannot be read ({error}); name a Hugging Face folder."
        ) from None
    if not isinstance(config, dict):
        raise InvalidModel(f"{folder / CONFIG} is no object; name a Hugging Face folder.")
    return config


def _module(folder: Path, config: Mapping[str, Any], example: "Feed") -> Any:
    import transformers

    names = config.get("architectures") or ["AutoModel"]
    kind = getattr(transformers, str(names[0]), None)
    if kind is None or not hasattr(kind, "from_pretrained"):
        raise InvalidModel(
            f"{folder / CONFIG} names the class {names[0]!r}, which transformers does not have."
        )
    _check_weights(folder / WEIGHTS)
    try:
        with _quiet():
            module, loaded = kind.from_pretrained(
                str(folder),
                use_safetensors=True,
                local_files_only=True,
                trust_remote_code=False,
                attn_implementation="eager",  # what the attention's fusion knows
                return_dict=False,
                output_loading_info=True,
                ignore_mismatched_sizes=True,  # told below, with the name and the sizes
            )
    except Exception as error:
        # transformers raises what its parts raise: a KeyError for an unknown activation
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise InvalidModel(
            f"{folder / CONFIG} makes no {names[0]} ({reason}); use the file that save_pretrained wrote."
        ) from error
    for name, found, wanted in sorted(loaded.get("mismatched_keys") or ()):
        raise InvalidModel(
            f"{folder / CONFIG} does not fit {WEIGHTS}: {name} has the shape {tuple(found)} there, and "
            f"{tuple(wanted)} by the configuration; take both from one save_pretrained(FOLDER)."
        )
    # The pooler makes a second output, which is not looked at; encoders are often saved without it.
    missing = sorted(name for name in loaded["missing_keys"] if not name.startswith("pooler."))
    if missing:
        raise InvalidModel(
            f"{folder / WEIGHTS} lacks {missing[0]}, which a {names[0]} has: it would be made up; save the trained "
            "model with save_pretrained(FOLDER)."
        )
    taken = list(inspect.signature(module.forward).parameters)[: len(example)]
    if taken != list(example):
        raise InvalidModel(
            f"{folder / CONFIG} names the class {names[0]!r}, which takes {', '.join(taken)} first, and not "
            f"{', '.join(example)}; build the module yourself, and give it as a TorchModule."
        )
    return module


def _check_weights(file: Path) -> None:
    """Raise `InvalidModel` for a pointer of Git LFS, and for a file that is cut off or something else."""
    from safetensors import safe_open

    check_fetched(file)
    try:
        with safe_open(str(file), "np"):  # reads the header, and sees whether the file is as long as it says
            pass
    except Exception as error:  # safetensors' own is of no public base
        raise InvalidModel(
            f"{file} is no whole safetensors file ({' '.join(str(error).split())}); fetch it anew."
        ) from None


@contextmanager
def _quiet() -> Iterator[None]:
    """Transformers shows bars of its progress, and logs a report of what did not fit."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]
