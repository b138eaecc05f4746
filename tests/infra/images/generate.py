"""Writes infra/images/*.csv from the tables of the `sagemaker` package and what AWS's documents say besides.

pip download --no-deps sagemaker-core && unzip sagemaker_core-*.whl
python -m tests.infra.images.generate sagemaker/core/image_uri_config 2.27.0 2026-11-21
"""

import csv
import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from infra.images.table import FILES, Image

HERE = Path(__file__).parent
RECORDED = HERE / "recorded"


@dataclass(frozen=True)
class Family:
    """One file of the package: what we call it, how many of its versions we keep, and how its tag is made."""

    name: str
    file: str
    registry: str = "deep-learning"
    keep: int = 1
    bare: bool = False


FAMILIES = (
    Family("huggingface-pytorch", "huggingface"),
    Family("pytorch", "pytorch", keep=9),
    Family("tensorflow", "tensorflow", keep=4),
    Family("sklearn", "sklearn", registry="algorithms"),
    Family("xgboost", "xgboost", registry="algorithms", bare=True),
    Family("vllm", "vllm", keep=2),
    Family("vllm-server", "vllm-server", keep=2),
    Family("vllm-omni", "vllm-omni", keep=2),
    Family("sglang-server", "sglang-server"),
    Family("djl-lmi", "djl-lmi", bare=True),
    Family("ray-serve", "ray-serve"),
    Family("triton", "sagemaker-tritonserver", bare=True),
    Family("tei", "huggingface-tei", registry="algorithms"),
    Family("tei-cpu", "huggingface-tei-cpu", registry="algorithms"),
    Family("llamacpp", "huggingface-llamacpp"),
)

CUDA_13 = "al2023-ami-sagemaker-inference-gpu-4-1"
CUDA_12_4 = "al2-ami-sagemaker-inference-gpu-3-1"

END_OF_PATCH = {
    ("pytorch", "2.6"): "2026-06-30",
    ("pytorch", "2.5"): "2025-10-29",
    ("pytorch", "2.4"): "2025-07-24",
    ("pytorch", "2.3"): "2025-04-24",
    ("pytorch", "2.2"): "2025-01-30",
    ("pytorch", "2.1"): "2024-10-04",
    ("pytorch", "2.0"): "2024-03-15",
    ("pytorch", "1.13"): "2024-10-28",
    ("tensorflow", "2.19"): "2026-03-11",
    ("tensorflow", "2.18"): "2025-10-24",
    ("tensorflow", "2.16"): "2025-03-07",
}
"""By major and minor version: aws/deep-learning-containers, docs/src/legacy/legacy_support.yml and
docs/reference/support_policy.md. Read 2026-11."""

HOSTS = {
    "vllm": CUDA_12_4,
    "vllm-server": CUDA_12_4,
    "vllm-omni": CUDA_12_4,
    "ray-serve": CUDA_12_4,
    "sglang-server": CUDA_13,
}
"""The host images that aws/deep-learning-containers' documents call mandatory, by family. Read 2026-11."""

MULTI_MODEL = {
    ("huggingface-pytorch", "cpu"),
    ("pytorch", "cpu"),
    ("sklearn", "cpu"),
    ("xgboost", "cpu"),
    ("triton", "cpu"),
    ("triton", "gpu"),
}
"""SageMaker Developer Guide, 'Supported algorithms, frameworks, and instances for multi-model endpoints'; and
aws/sagemaker-huggingface-inference-toolkit, handler_service.py, which takes each model's own code. Read 2026-11."""


def images(folder: Path, version: str, as_of: str) -> Iterator[Image]:
    """The table's rows."""
    for family in FAMILIES:
        content = _content(folder, family)
        for release, details in _newest(content["versions"], family.keep):
            for image in _releases(family, release, details, content):
                end = END_OF_PATCH.get((family.name, ".".join(image.version.split(".")[:2])), "")
                host = HOSTS.get(family.name, "") if image.processor == "gpu" else ""
                yield replace(
                    image,
                    end_of_patch=end,
                    inference_ami_version=host or (CUDA_13 if image.cuda.startswith("13") else ""),
                    multi_model=(family.name, image.processor) in MULTI_MODEL,
                    source=f"sagemaker_core {version}, image_uri_config/{family.file}.json",
                    as_of=as_of,
                )


def accounts(folder: Path) -> list[tuple[str, str, str]]:
    """Which account keeps a registry in a region."""
    found: dict[tuple[str, str], str] = {}
    for family in FAMILIES:
        for _, details in _newest(_content(folder, family)["versions"], family.keep):
            nested = [one for one in details.values() if isinstance(one, dict)]
            for one in (details, *nested):
                for region, account in one.get("registries", {}).items():
                    # The isolated and the European sovereign partition have domains of their own.
                    if "-iso" not in region and not region.startswith("eusc-"):
                        found.setdefault((family.registry, region), account)
    return sorted((registry, region, account) for (registry, region), account in found.items())


def write(folder: Path, version: str, as_of: str) -> None:
    """Both files, and the excerpts of the package that the tests hold them against."""
    _rows(FILES["images"], [asdict(image) for image in images(folder, version, as_of)])
    keys = ("registry", "region", "account")
    _rows(FILES["accounts"], [dict(zip(keys, row, strict=True)) for row in accounts(folder)])
    RECORDED.mkdir(exist_ok=True)
    (RECORDED / "version.json").write_text(json.dumps({"version": version, "as_of": as_of}) + "\n")
    for family in FAMILIES:
        content = _content(folder, family)
        kept = {
            "processors": content.get("processors"),
            "versions": dict(_newest(content["versions"], family.keep)),
        }
        text = json.dumps({"inference": kept}, indent=1, sort_keys=True) + "\n"
        (RECORDED / f"{family.file}.json").write_text(text)


def _content(folder: Path, family: Family) -> dict[str, Any]:
    content = json.loads((folder / f"{family.file}.json").read_text())
    found: dict[str, Any] = content.get("inference", content)
    return found


def _newest(versions: Mapping[str, Any], count: int) -> list[tuple[str, Any]]:
    def order(item: tuple[str, Any]) -> list[int]:
        return [int(part) for part in re.findall(r"\d+", item[0])]

    return sorted(versions.items(), key=order)[-count:]


def _releases(
    family: Family, release: str, details: Mapping[str, Any], content: Mapping[str, Any]
) -> Iterator[Image]:
    """The images of one version: one per processor, or one for all where the tag names none."""
    prefix, version = details.get("tag_prefix", release), release
    if (
        "repository" not in details
    ):  # Hugging Face: the version is that of transformers, and PyTorch's is below it
        pytorch = next(key for key in details if key.startswith("pytorch") and "repository" in details[key])
        details, version = details[pytorch], pytorch.removeprefix("pytorch")
        prefix = f"{version}-transformers{release}"
    containers = details.get("container_version", {})
    processors = list(containers) or details.get("processors") or content.get("processors") or ["cpu"]
    python = next(iter(details.get("py_versions", [])), "")
    for processor in sorted(processors):
        words = [
            prefix,
            processor if details.get("processor_in_tag", True) else "",
            python,
            containers.get(processor, ""),
        ]
        tag = prefix if family.bare else "-".join(word for word in words if word)
        cuda = re.search(r"cu(\d\d)(\d)", tag)
        yield Image(
            framework=family.name,
            version=version,
            processor="gpu" if family.name == "djl-lmi" else processor,
            python={"py3": ""}.get(python, re.sub(r"py3(\d+)", r"python3.\1", python)),
            repository=details["repository"],
            tag=tag,
            registry=family.registry,
            cuda=f"{cuda[1]}.{cuda[2]}" if cuda else "",
        )


def _rows(file: Path, rows: list[dict[str, Any]]) -> None:
    with file.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: _text(value) for key, value in row.items()} for row in rows)


def _text(value: Any) -> str:
    return {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else str(value)


if __name__ == "__main__":
    write(Path(sys.argv[1]), *sys.argv[2:])
