"""`optimize`: measure every variant and keep the best; where profile.json says what that was, only make it again."""

import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_packaging import latency, profile
from model_packaging.errors import InvalidModel, PackagingError
from model_packaging.model import HANDLER
from model_packaging.optimize import agreement as agreements
from model_packaging.optimize import graph, machine, measurement, request
from model_packaging.optimize.calibration import Calibration
from model_packaging.optimize.choice import choose, finalists
from model_packaging.optimize.judge import Judge
from model_packaging.optimize.runtime import Session
from model_packaging.optimize.sources import Source
from model_packaging.optimize.variants import VARIANTS
from model_packaging.optimize.workbench import Workbench
from model_packaging.profile import Profile, Row

if TYPE_CHECKING:
    from model_packaging.optimize.calibration import Feed

Say = Callable[[str], None]


@dataclass(frozen=True)
class Optimized:
    """The chosen variant's file and the profile beside it; `measured` is False where it was only made again."""

    file: Path
    profile: Profile
    measured: bool

    @property
    def met(self) -> bool:
        """Whether the budget was kept; if not, this is the original, exported."""
        return bool(self.profile.budget["met"])


def optimize(
    source: Source,
    calibration: Calibration,
    *,
    into: str | Path,
    weights: str = "model.onnx",
    agreement: str | agreements.Measure = "cosine",
    at_least: float = 0.99,
    variants: Sequence[str] = tuple(VARIANTS),
    say: Say | None = None,
    meter: measurement.Meter | None = None,
) -> Optimized:
    """Write the fastest variant whose mean agreement is `at_least`, and profile.json, into the folder `into`.

    Where profile.json is there and its source has the same SHA-256, the variant that it names is made again with the
    parameters that it holds, without measuring, and profile.json stays: two machines get one artifact. Where it was
    measured for another budget or of other variants, that is told. Delete it, or run `modelyard package --optimize`,
    to measure anew.

    `agreement` is 'cosine', 'top1' or a function of two arrays (items, ...) that returns a number an item, 1 for the
    same. A budget that nothing keeps falls back to the original, exported, and says so. `say` is told of progress
    (stderr), and `meter` measures. Raises `InvalidModel` for what cannot be asked for and for a calibration set that
    does not fit, `BuildFailed` for a source that cannot be exported.
    """
    tell = say or _to_stderr
    request.model(source, calibration)
    into = request.folder(into)
    weights = request.file_name(weights, into)
    at_least = request.budget(at_least)
    asked = request.variants(variants, VARIANTS)
    by, measure = agreements.measure_of(agreement)
    digest = source.sha256()
    locked = profile.read(into)
    if locked is not None and locked.source["sha256"] == digest and locked.weights["file"] == weights:
        other = _other_than(locked, by, at_least, asked)
        if other:
            tell(
                f"{into / profile.FILE} is a lock and stays, though {other}: {locked.chosen} is made again; to measure "
                "anew, delete it, or run modelyard package --optimize"
            )
        return _again(source, locked, into, tell)
    with tempfile.TemporaryDirectory(prefix="modelyard-") as scratch:
        bench = Workbench(source, Path(scratch), at_least=at_least)
        bench.judge = Judge(calibration, source.answer() or Session(bench.exported, 1), measure)
        # The original is always there: it is what a budget that nothing keeps falls back to.
        names = [name for name in VARIANTS if name in asked or name == next(iter(VARIANTS))]
        rows, batches, files = _measured(bench, names, meter or measurement.Meter(), tell)
        best = choose(rows, names, at_least)
        if best.row.failed is not None:
            raise InvalidModel(f"The model cannot be measured: {best.row.failed}")
        target = into / weights
        _place(files[best.row.variant], target)
    if not best.met:
        tell(
            f"no variant keeps a {by} of {at_least:g} over {calibration.items} items: this is the original, exported; "
            "lower at_least, or give a calibration set that is nearer to what is asked"
        )
    made = Profile(
        chosen=best.row.variant,
        parameters=best.row.parameters,
        source={"kind": source.kind, "sha256": digest},
        weights={"file": weights, "sha256": graph.sha256(target), "size_bytes": target.stat().st_size},
        budget={"by": by, "at_least": at_least, "items": calibration.items, "met": best.met},
        variants=tuple(rows),
        batches={int(items): ms for items, ms in batches[best.row.variant].items()},
        handler=_handler(into),
        machine=machine.describe(),
    )
    made.write(into)
    return Optimized(target, made, measured=True)


def _measured(
    bench: Workbench, names: Sequence[str], meter: measurement.Meter, tell: Say
) -> tuple[list[Row], dict[str, dict[str, float]], dict[str, Path]]:
    """A row for each variant, the batches of each, and the files of those that can be written."""
    assert bench.judge is not None
    one = bench.judge.calibration.one
    rows, batches, files = [], {}, {}
    for name, load in bench.source.runners().items():
        tell(f"measuring {name}")
        verdict = bench.judge.verdict(load(1))
        speed = meter.here(load, one)
        rows.append(_row(name, speed, verdict, None, {}))
        batches[name] = speed.batches
    for name in names:
        tell(f"measuring {name}")
        file = bench.scratch / f"{name}.onnx"
        try:
            parameters = VARIANTS[name](bench, file, None)
            verdict = bench.judge.verdict(Session(file, 1))
            speed = meter.file(file, one)
        except PackagingError as error:
            rows.append(Row(name, failed=str(error)))
            continue
        rows.append(_row(name, speed, verdict, file.stat().st_size, dict(parameters)))
        batches[name], files[name] = speed.batches, file
    return _in_turn(rows, finalists(rows, names, bench.at_least), files, one, meter, tell), batches, files


def _in_turn(
    rows: list[Row],
    names: Sequence[str],
    files: Mapping[str, Path],
    one: "Feed",
    meter: measurement.Meter,
    tell: Say,
) -> list[Row]:
    """`rows` with the times of the variants `names` as they are when measured in turn."""
    if not names:
        return rows
    tell(f"measuring {', '.join(names)} in turn")
    times = dict(zip(names, meter.in_turn([files[name] for name in names], one), strict=True))
    return [
        replace(row, p50_ms=times[row.variant][0], p99_ms=times[row.variant][1])
        if row.variant in times
        else row
        for row in rows
    ]


def _row(
    name: str, speed: measurement.Speed, verdict: Any, size_bytes: int | None, parameters: dict[str, Any]
) -> Row:
    measured = asdict(speed)
    del measured["batches"]
    return Row(
        variant=name,
        size_bytes=size_bytes,
        agreement=verdict.mean,
        worst=verdict.worst,
        parameters=parameters,
        **measured,
    )


def _other_than(locked: Profile, by: str, at_least: float, asked: Sequence[str]) -> str:
    """What is asked for and was not when profile.json was measured; empty where it is the same."""
    told = []
    if locked.budget.get("by") != by:
        told.append(f"agreement {by} is asked for and it has {locked.budget.get('by')}")
    if locked.budget.get("at_least") != at_least:
        told.append(f"at_least {at_least} is asked for and it has {locked.budget.get('at_least')}")
    rows = {row.variant for row in locked.variants}
    missing = [name for name in VARIANTS if name in asked and name not in rows]
    if missing:
        told.append(f"{missing[0]} is asked for and was not measured")
    if locked.chosen not in (*asked, next(iter(VARIANTS))):
        told.append(f"{locked.chosen} is not among the variants that are asked for")
    return ", and ".join(told)


def _again(source: Source, locked: Profile, into: Path, tell: Say) -> Optimized:
    """What profile.json says, made again from the same source."""
    if locked.chosen not in VARIANTS:
        raise InvalidModel(
            f"{into / profile.FILE} names the variant {locked.chosen!r}, which is not known here; delete it and "
            "measure anew: modelyard package --optimize."
        )
    target = into / locked.weights["file"]
    with tempfile.TemporaryDirectory(prefix="modelyard-") as scratch:
        made = Path(scratch) / "made.onnx"
        VARIANTS[locked.chosen](Workbench(source, Path(scratch)), made, locked.parameters)
        _place(made, target)
    if graph.sha256(target) != locked.weights["sha256"]:
        told = ", ".join(f"{name} {number}" for name, number in locked.machine["libraries"].items())
        tell(
            f"{target.name} is made as {profile.FILE} says and has other bytes than were measured, with {told}: "
            "measure anew with modelyard package --optimize"
        )
    return Optimized(target, locked, measured=False)


def _place(file: Path, target: Path) -> None:
    temporary = target.with_name(f".{target.name}")
    temporary.write_bytes(file.read_bytes())
    temporary.replace(target)


def _handler(folder: Path) -> profile.Answered | None:
    """The whole handler with the new weights, where the folder has one and an example request."""
    sample = latency.sample(folder)
    if sample is None or not (folder / HANDLER).is_file():
        return None
    return profile.Answered(**asdict(latency.measure(folder, sample)))


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
