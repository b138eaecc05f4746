"""A Hugging Face folder: its transformer over texts, and its tokenizer. `handlers/texts.py` runs it."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_packaging.errors import InvalidModel
from model_packaging.folders.writer import write
from model_packaging.model import Model
from model_packaging.optimize.hugging_face import hugging_face, settings_of
from model_packaging.optimize.sources import check_fetched
from model_packaging.origins import CONFIG

if TYPE_CHECKING:
    from model_packaging.optimize.calibration import Feed

TOKENIZER = "tokenizer.json"
HANDLER = "texts"
TOKENIZERS = "tokenizers==0.22.2"

EXAMPLES = ("The invoice shows the wrong total, please send it again.", "My card was charged twice.")

LONGEST = 512
"""Tokens, where the folder names no bound: attention takes their square of memory."""

BEFORE_POSITIONS = frozenset({"roberta", "xlm-roberta", "camembert", "mpnet", "longformer"})
"""Model types whose first places of the position table are not for tokens: as many as pad_token_id, and one."""

Config = Mapping[str, Any]


def from_hugging_face(folder: str | Path, into: str | Path) -> Model:
    """A folder of a text classifier or a text encoder, by the class that config.json names; see `TASKS`.

    Raises `InvalidModel` for pickled weights, code of its own, another class, or a folder without tokenizer.json;
    `BuildFailed` for what torch cannot export.
    """
    folder = Path(folder)
    config = settings_of(folder)
    task = _task(folder, config)
    task |= {"max_tokens": _max_tokens(folder, config), **_padding(folder, config)}
    example = _example(folder, task)
    source = hugging_face(folder, example, "output", {1: ("tokens", task["max_tokens"])})
    return write(
        source,
        into,
        HANDLER,
        example=example,
        sample={"text": EXAMPLES[0]},
        files={"task.json": json.dumps(task, indent=1), TOKENIZER: folder / TOKENIZER},
        packages=(TOKENIZERS,),
    )


def _classification(folder: Path, config: Config) -> dict[str, Any]:
    labels = config.get("id2label") or {str(number): f"LABEL_{number}" for number in range(2)}
    if not isinstance(labels, dict) or not all(str(place).isdecimal() for place in labels):
        raise InvalidModel(
            f'{folder / CONFIG} has an id2label that is no object of numbers; write {{"0": "LABEL", ...}}.'
        )
    named = [labels[place] for place in sorted(labels, key=int)]
    regression = len(named) == 1 or config.get("problem_type") == "regression"
    several = config.get("problem_type") == "multi_label_classification"
    kind = "regression" if regression else "multi_label" if several else "single_label"
    return {"task": kind, "labels": named}


def _embedding(folder: Path, config: Config) -> dict[str, Any]:
    """As sentence-transformers pools it, where it says so; else the mean, as it is."""
    modules = _read(folder / "modules.json", [])
    pooling = _read(folder / "1_Pooling" / "config.json", {"pooling_mode_mean_tokens": True})
    modes = [name for name, on in pooling.items() if name.startswith("pooling_mode_") and on is True]
    known = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls"}
    if len(modes) != 1 or modes[0] not in known:
        raise InvalidModel(
            f"{folder} pools by {', '.join(modes) or 'nothing'}; known are {', '.join(known)}."
        )
    normalized = any(str(module.get("type", "")).endswith("Normalize") for module in modules)
    return {"task": "embedding", "pooling": known[modes[0]], "normalized": normalized}


TASKS: Mapping[str, Callable[[Path, Config], dict[str, Any]]] = {
    "ForSequenceClassification": _classification,
    "Model": _embedding,
}
"""By how the name of the class ends; the first that fits decides."""


def _task(folder: Path, config: Config) -> dict[str, Any]:
    names = config.get("architectures")
    name = names[0] if isinstance(names, list) and names else "none"
    for ending, make in TASKS.items():
        if str(name).endswith(ending):
            return make(folder, config)
    raise InvalidModel(
        f"{folder} holds a {name}, and a handler is known for {' and '.join(f'...{one}' for one in TASKS)}; write "
        "inference.py yourself, and its weights with model_packaging.optimize.hugging_face."
    )


def _max_tokens(folder: Path, config: Config) -> int:
    bound = _whole(folder, config, "max_position_embeddings") or LONGEST
    if config.get("model_type") in BEFORE_POSITIONS:
        bound -= _whole(folder, config, "pad_token_id") + 1
    # transformers writes 10^30 for none; sentence-transformers has a file of its own.
    told = [
        _read(folder / "tokenizer_config.json", {}).get("model_max_length"),
        _read(folder / "sentence_bert_config.json", {}).get("max_seq_length"),
    ]
    return min([bound, *(one for one in told if isinstance(one, int) and 0 < one < 1 << 20)])


def _whole(folder: Path, config: Config, name: str) -> int:
    """A whole number of config.json; 0 where it has none."""
    found = config.get(name) or 0
    if not isinstance(found, int):
        raise InvalidModel(f"{folder / CONFIG} has {name} {found!r}; write a whole number.")
    return found


def _padding(folder: Path, config: Config) -> dict[str, Any]:
    tokens = {token["content"]: token["id"] for token in _tokenizer(folder).get("added_tokens") or ()}
    number = _whole(folder, config, "pad_token_id")
    return {
        "pad_id": number,
        "pad_token": next((text for text, one in tokens.items() if one == number), "[PAD]"),
    }


def _tokenizer(folder: Path) -> dict[str, Any]:
    file = folder / TOKENIZER
    if file.is_file():
        check_fetched(file)
    found: dict[str, Any] = _read(file, {})
    if not found:
        raise InvalidModel(
            f"{folder} has no {TOKENIZER}; write it: AutoTokenizer.from_pretrained({str(folder)!r})"
            f".save_pretrained({str(folder)!r})."
        )
    return found


def _example(folder: Path, task: Mapping[str, Any]) -> "Feed":
    """Two texts of different lengths, as the handler gives them to the model."""
    import numpy as np
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
    except Exception as error:  # a bare Exception of the library's
        raise InvalidModel(
            f"{folder / TOKENIZER} is no tokenizer ({' '.join(str(error).split())}); save it anew with save_pretrained."
        ) from None
    tokenizer.enable_truncation(task["max_tokens"])
    tokenizer.enable_padding(pad_id=task["pad_id"], pad_token=task["pad_token"])
    encoded = tokenizer.encode_batch(list(EXAMPLES))
    return {
        "input_ids": np.array([one.ids for one in encoded], dtype=np.int64),
        "attention_mask": np.array([one.attention_mask for one in encoded], dtype=np.int64),
    }


def _read(file: Path, default: Any) -> Any:
    """A JSON file of the folder, which it need not have."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return default
    except (OSError, ValueError) as error:
        raise InvalidModel(f"{file} cannot be read ({error}); save it anew with save_pretrained.") from None
    if type(found) is not type(default):
        raise InvalidModel(
            f"{file} holds a {type(found).__name__} where a {type(default).__name__} belongs; save it anew with "
            "save_pretrained."
        )
    return found
