"""profile.json: what was chosen for a model, and the whole table of what was measured; committed as a lock file.

It lies beside the weights and is part of the artifact. Reading it needs the standard library only: the hosts learn
their batches from it, and `cost` its durations.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from model_packaging.errors import InvalidModel

FILE = "profile.json"
FORMAT = 1


@dataclass(frozen=True)
class Row:
    """One variant as measured, or why it could not be built.

    Times are of one item, in milliseconds; `per_second` is by the number of threads. `agreement` is the mean over the
    calibration set, by the profile's measure; None is what was not measured.
    """

    variant: str
    size_bytes: int | None = None
    load_ms: float | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    per_second: dict[str, float] = field(default_factory=dict)
    agreement: float | None = None
    worst: float | None = None
    peak_mb: int | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    failed: str | None = None


@dataclass(frozen=True)
class Answered:
    """The whole handler, measured with `sample.json`: the fields of `model_packaging.latency.Latency`."""

    load_ms: float
    p50_ms: float
    p99_ms: float
    runs: int
    threads: float | None = None
    peak_mb: int | None = None

    @property
    def origin(self) -> str:
        """Where it was measured, for whoever says what a number rests on."""
        return "measured when the model was optimised, on the machine that profile.json names"


@dataclass(frozen=True)
class Profile:
    """What profile.json says.

    `source` has the SHA-256 of what the variants were made of; `weights` the file that was written, with its own;
    `budget` how agreement was judged, on how many items. `batches` is the median of one call, in milliseconds, by the
    number of items in it. `handler` is None where the folder had no handler or no sample.json when it was measured.
    """

    chosen: str
    parameters: dict[str, Any]
    source: dict[str, Any]
    weights: dict[str, Any]
    budget: dict[str, Any]
    variants: tuple[Row, ...]
    batches: dict[int, float]
    handler: Answered | None
    machine: dict[str, Any]

    @property
    def row(self) -> Row:
        """The row of what was chosen."""
        return next(row for row in self.variants if row.variant == self.chosen)

    @property
    def measured_on(self) -> str:
        """The machine, in a few words."""
        return (
            f"{self.machine.get('processor', 'an unknown processor')}, {self.machine.get('cores', '?')} cores"
        )

    def write(self, directory: Path) -> None:
        """Write profile.json into `directory`, under its name only when it is whole."""
        temporary = directory / f".{FILE}"
        temporary.write_text(self.text())
        temporary.replace(directory / FILE)

    def text(self) -> str:
        """The file's text, the same for the same values. Raises `InvalidModel` for NaN, which JSON does not have."""
        try:
            return json.dumps({"format": FORMAT, **asdict(self)}, indent=2, allow_nan=False) + "\n"
        except ValueError as error:
            raise InvalidModel(
                f"{FILE} cannot be written ({error}); each number in it has to be finite."
            ) from None


def read(directory: Path) -> Profile | None:
    """The profile of a model folder; None where it has none. Raises `InvalidModel` for one that cannot be read."""
    file = directory / FILE
    if not file.is_file():
        return None
    try:
        data = json.loads(file.read_text(encoding="utf-8"), parse_constant=_refused)
        found = data.pop("format")
        if found != FORMAT:
            raise InvalidModel(
                f"{file} has format {found!r}, and this version reads {FORMAT}; delete it and measure anew: "
                "modelyard package --optimize."
            )
        return _profile(data)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidModel(
            f"{file} cannot be read ({type(error).__name__}: {error}); delete it and measure anew: "
            "modelyard package --optimize."
        ) from error


def _refused(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON")


def _profile(data: Mapping[str, Any]) -> Profile:
    handler = data["handler"]
    made = Profile(
        **{
            **data,
            "variants": tuple(Row(**row) for row in data["variants"]),
            "batches": {int(items): float(ms) for items, ms in data["batches"].items()},
            "handler": None if handler is None else Answered(**handler),
        }
    )
    if made.chosen not in [row.variant for row in made.variants]:
        raise ValueError(f"{made.chosen!r} is chosen, and is no variant of it")
    return made
