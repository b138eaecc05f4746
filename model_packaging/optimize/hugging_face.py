"""A Hugging Face folder as a source: config.json and model.safetensors. The one place that imports transformers.

Nothing of the folder is run: no pickled weights, no code of its own.
"""

import hashlib
import inspect
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_packaging.errors import InvalidModel
from model_packaging.optimize import graph
from model_packaging.optimize.torch_module import TorchModule
from model_packaging.origins import CONFIG, WEIGHTS

if TYPE_CHECKING:
    from model_packaging.optimize.calibration import Feed


def hugging_face(
    folder: Path, example: "Feed", output: str, sizes: Mapping[int, tuple[str, int | None]] | None = None
) -> TorchModule:
    """The model of the class that config.json names, as a source; its first output counts, such as the logits.

    `example` names the inputs in the order of its `forward`; `output` and `sizes` are those of `TorchModule`. Raises
    `InvalidModel` for pickled weights, for a folder that brings its own code, for a class that transformers lacks, for
    one that takes other inputs, and where weights are missing that transformers would then make up.
    """
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
    module, loaded = kind.from_pretrained(
        str(folder),
        use_safetensors=True,
        local_files_only=True,
        trust_remote_code=False,
        attn_implementation="eager",  # what the attention's fusion knows
        return_dict=False,
        output_loading_info=True,
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
