"""The `sagemaker` host under load, against a guide's own server and against BentoML.

All sides answer the same question: one sentence of about 22 tokens in, a label and a score out. The guide's is FastAPI with
transformers' pipeline in float32, under uvicorn with 4 workers; BentoML has the same int8 ONNX model as ours, and its own
batching. Each server runs alone, with wrk on the same cores, in turn, and what counts is the median of the rounds.
"""

import functools
import json
import os
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from model_packaging.hosts import cores
from tests.bench import wrk
from tests.bench.resident import Resident
from tests.bench.servers import BENTO, GUIDE, OURS, Side, model_folder, running, sentences
from tests.bench.wrk import Load
from tests.e2e.conftest import Yard

ROUNDS, WARM_SECONDS, SECONDS, ALONE_SECONDS, TURNS = 3, 4, 8, 5, 5
CLIENTS = 32
CALLS = 400


@dataclass(frozen=True)
class Seen:
    """One side under 32 clients and under one."""

    loaded: Load
    alone: Load


BARE_CALLS = (
    "import json, statistics, sys, time; sys.path.insert(0, sys.argv[1]); import inference\n"
    "model = inference.model_fn(sys.argv[1]); texts = json.loads(sys.stdin.readline())\n"
    "for line in sys.stdin:\n"
    "    times = []\n"
    "    for text in texts:\n"
    "        start = time.perf_counter(); inference.predict_fn({'text': text}, model)\n"
    "        times.append(time.perf_counter() - start)\n"
    "    print(statistics.median(times[len(times) // 8:]) * 1000, flush=True)"
)
"""The p50 of the handler's own call, tokenising included, in milliseconds, for each line that it is told."""


def bare_calls(model: Path) -> Resident:
    """A process that makes `CALLS` of them, one after the other, whenever it is asked."""
    environment = dict(os.environ)
    cores.share(environment, cores.available())  # as the host does for a handler that is THREAD_SAFE
    process = Resident([sys.executable, "-c", BARE_CALLS, str(model)], env=environment)
    process.tell(json.dumps(sentences(CALLS)))
    return process


def look(side: Side, model: Path, scratch: Path, bare: Resident | None = None) -> tuple[Seen, list[float]]:
    """Start a side's server, warm it up and load it; and the p50 of the bare call, in turn with one client's.

    This machine's clock changes by a third within seconds, more so after a load: only what is measured in turn compares.
    """
    bodies = scratch / f"{side.key}-{side.is_listed}.txt"
    bodies.write_text("\n".join(side.body(sentence) for sentence in sentences()) + "\n")
    bares, alone = [], []
    with running(side, model, scratch / f"{side.name}.log") as server:
        wrk.run(server.url, bodies, CLIENTS, WARM_SECONDS)
        loaded = wrk.run(server.url, bodies, CLIENTS, SECONDS)
        for _ in range(TURNS):
            if bare is not None:
                bares.append(bare.ask("run"))
            alone.append(wrk.run(server.url, bodies, 1, ALONE_SECONDS / TURNS))
        return Seen(loaded, _median(alone)), bares


@dataclass(frozen=True)
class Figures:
    """Medians over the rounds."""

    sides: dict[str, Seen]
    bare_ms: float

    def ratio(self, peer: Side, of: str) -> float:
        """Ours to a peer's, under 32 clients; below 1 is better, for answers a second too."""
        mine, theirs = (getattr(self.sides[side.name].loaded, of) for side in (OURS, peer))
        return theirs / mine if of == "per_second" else mine / theirs


@functools.cache
def figures() -> Figures:
    """All sides in turn, once for all of the benchmarks below; prints what was seen."""
    with tempfile.TemporaryDirectory(prefix="modelyard-serving-") as folder:
        scratch = Path(folder)
        model = model_folder(scratch / "model")
        rounds: dict[str, list[Seen]] = {side.name: [] for side in (OURS, GUIDE, BENTO)}
        bares: list[float] = []
        with bare_calls(model) as bare:
            for _ in range(ROUNDS):
                for side in (OURS, GUIDE, BENTO):
                    seen, calls = look(side, model, scratch, bare if side is OURS else None)
                    rounds[side.name].append(seen)
                    bares += calls
                    print(f"  {side.name}: {seen} {calls or ''}", file=sys.stderr, flush=True)
    medians = {
        name: Seen(_median([s.loaded for s in many]), _median([s.alone for s in many]))
        for name, many in rounds.items()
    }
    print(f"the bare call: p50 {statistics.median(bares):.2f} ms")
    for name, one in medians.items():
        for clients, load in ((CLIENTS, one.loaded), (1, one.alone)):
            print(
                f"{name} server, {clients} clients: {load.per_second:.0f} a second, "
                f"p50 {load.p50_ms:.2f} ms, p99 {load.p99_ms:.1f} ms"
            )
    return Figures(medians, statistics.median(bares))


def _median(loads: list[Load]) -> Load:
    return Load(
        *(statistics.median(getattr(load, of) for load in loads) for of in ("per_second", "p50_ms", "p99_ms"))
    )


def _told(name: str, bound: float, ratio: float) -> float:
    print(f"{name}: ratio {ratio:.3f} (bound {bound:.3g}), {ROUNDS} rounds", flush=True)
    return ratio


def throughput(_yard: Yard, _scratch: Path) -> float:
    """Answers a second under 32 clients, the guide's to ours."""
    return _told("answers a second against the guide's server", 1 / 20, figures().ratio(GUIDE, "per_second"))


def tail(_yard: Yard, _scratch: Path) -> float:
    """The p99 under 32 clients, ours to the guide's."""
    return _told("p99 against the guide's server", 1 / 20, figures().ratio(GUIDE, "p99_ms"))


def bentoml(_yard: Yard, _scratch: Path) -> float:
    """Answers a second under 32 clients, BentoML's to ours, on the same model."""
    return _told("answers a second against BentoML", 1 / 3, figures().ratio(BENTO, "per_second"))


def overhead(_yard: Yard, _scratch: Path) -> float:
    """What the host adds to the bare call for one client at the p50, to the millisecond that it may add."""
    seen = figures()
    added = seen.sides[OURS.name].alone.p50_ms - seen.bare_ms
    return _told(f"what the host adds for one client ({added:.2f} ms) to one millisecond", 1.0, added)


BENCHES = {
    "served_throughput": throughput,
    "served_tail": tail,
    "served_bentoml": bentoml,
    "served_alone": overhead,
}
