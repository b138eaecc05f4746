"""How many cores this process has, and the libraries' threads to that measure."""

import os
from collections.abc import MutableMapping
from pathlib import Path

QUOTA = Path("/sys/fs/cgroup/cpu.max")

VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "RAYON_NUM_THREADS",
)
"""Read once, when the library is loaded: torch and scikit-learn, NumPy, and Hugging Face's tokenizers. ONNX Runtime
reads none of them; its handler passes OMP_NUM_THREADS on as `intra_op_num_threads`."""

ALONE = {"TOKENIZERS_PARALLELISM": "false"}
"""Where a share is one core. A pool of one thread is one for the whole process: each of the host's threads hands its
texts to it and waits (seen: 2.9 ms for 0.1 ms of work, a core idle meanwhile); without a pool it does them itself."""


def available(quota: Path = QUOTA) -> int:
    """The cores that this process may use: those of its affinity, or fewer by its container's quota."""
    cores = len(os.sched_getaffinity(0))
    try:
        granted, period = quota.read_text().split()
    except (OSError, ValueError):
        return cores
    return cores if granted == "max" else max(1, min(cores, round(int(granted) / int(period))))


def share(environment: MutableMapping[str, str], threads: int, quota: Path = QUOTA) -> None:
    """Give each of `threads` its share of the cores, in what `environment` leaves open.

    Without it a library takes the machine's cores, also in a container that has a part of them, and each of several
    threads takes them all.
    """
    share = max(1, available(quota) // threads)
    alone = ALONE if share == 1 and "RAYON_NUM_THREADS" not in environment else {}
    for name, value in {**dict.fromkeys(VARIABLES, str(share)), **alone}.items():
        environment.setdefault(name, value)
