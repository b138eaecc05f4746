"""Imports go one way, and what is heavy is imported late and in one place."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
PACKAGES = ("cost", "model_packaging", "infra")

CORE = {
    "infra.workloads",
    "infra.settings",
    "infra.stack",
    "infra.environment",
    "infra.naming",
    "infra.checks",
    "infra.loader",
    "infra.mistakes",
    "infra.instances",
    "infra.ec2",
    "infra.images",
    "infra.errors",
    "infra.credentials",
    "infra.project",
    "infra.quantities",
    "infra.remedies",
}

ENGINES = {
    f"infra.engines.{noun}"
    for noun in ("diagnostics", "events", "plan", "private_file", "provider", "workspace")
}
"""What both engines speak; they know nothing of each other."""

# What each room may import of ours, besides itself. The longest prefix decides.
ALLOWED = {
    "cost": set(),
    "model_packaging": set(),
    "infra": CORE | {"model_packaging"},
    "infra.bill": CORE | {"cost", "model_packaging.profile"},
    "infra.prices": CORE | {"cost"},
    "infra.comparison": CORE | {"cost", "infra.bill"},
    "infra.page": CORE | {"cost", "infra.bill", "infra.comparison"},
    "infra.checks.batch": CORE | {"cost.machines"},
    "infra.aws": set(),
    "infra.connection": CORE | {"infra.aws", "infra.local.daemon"},
    "infra.ledger": CORE | {"infra.aws"},
    "infra.doctor": CORE
    | {
        "infra.engines.pulumi.toolchain",
        "infra.engines.terraform.toolchain",
        "infra.engines.terraform.mirror",
        "infra.local.daemon",
    },
    "infra.blueprint": CORE | {f"model_packaging.{noun}" for noun in ("job", "keys", "model")},
    "infra.rules": CORE | {"infra.blueprint"},
    "infra.engines": CORE | {"infra.blueprint"},
    "infra.engines.terraform": CORE | {"infra.blueprint", "infra.rules"} | ENGINES,
    "infra.engines.pulumi": CORE | {"infra.blueprint", "infra.rules"} | ENGINES,
    "infra.operations": CORE
    | {
        "model_packaging",
        "infra.blueprint",
        "infra.rules",
        "infra.engines",
        "infra.aws",
        "infra.connection",
        "infra.ledger",
        "infra.bill",
    },
    # What runs on Lambda, where only these files are.
    "infra.operations.watchman": {
        "infra.aws",
        "infra.ledger",
        *(f"infra.operations.{noun}" for noun in ("activity", "endpoints", "idle")),
    },
    "infra.operations.watchman.package": {"model_packaging"},
    "infra.operations.bills": CORE | {"cost", "infra.bill", "infra.connection", "infra.ledger"},
    "infra.operations.spending": CORE
    | {"cost", "infra.blueprint", "infra.connection", "infra.ledger", "infra.operations"},
    "infra.local": CORE
    | {
        "model_packaging.hosts",
        "model_packaging.unpack",
        "model_packaging.tape",
        "model_packaging.errors",
    },
    "infra.cli": {"infra", "cost", "model_packaging"},
}

HEAVY = {
    "vl_convert": {"infra/page/library.py"},
    "cdktn": {"infra/engines/terraform/synth.py"},
    "constructs": {"infra/engines/terraform/synth.py", "infra/engines/terraform/__init__.py"},
    "pulumi": {"infra/engines/pulumi/sdk.py"},
    "pulumi_aws": {"infra/engines/pulumi/sdk.py"},
    "sagemaker": set(),
    "torch": {"model_packaging/optimize/torch_module.py"},
    "transformers": {"model_packaging/optimize/hugging_face.py"},
    "sklearn": set(),
    "skl2onnx": {"model_packaging/optimize/estimator.py"},
    "onnx": {
        f"model_packaging/optimize/{name}.py"
        for name in ("graph", "fusion", "embedding", "integers", "norms")
    },
    "onnxruntime": {
        "model_packaging/optimize/runtime.py",
        # What a model folder is given as its inference.py; of ours only `folders/onnx_file.py` loads one, to try a model with it.
        "model_packaging/folders/handlers/arrays.py",
        "model_packaging/folders/handlers/texts.py",
    },
    "starlette": {
        "model_packaging/hosts/application.py",
        "model_packaging/hosts/exchange.py",
        "model_packaging/hosts/listener.py",
        "model_packaging/hosts/multi_model.py",
        "model_packaging/hosts/sagemaker.py",
        "model_packaging/serving/application.py",
    },
    "uvicorn": {"model_packaging/hosts/listener.py", "model_packaging/serving/server.py"},
    "prometheus_client": {"model_packaging/hosts/metrics.py"},
}


def modules() -> list[Path]:
    """Every module of the product."""
    return sorted(file for package in PACKAGES for file in (PROJECT / package).rglob("*.py"))


def dotted(file: Path) -> str:
    parts = file.relative_to(PROJECT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(file: Path) -> list[str]:
    """What a module imports, early or late, as full names."""
    names: list[str] = []
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def within(name: str, room: str) -> bool:
    return name == room or name.startswith(f"{room}.")


@pytest.mark.parametrize("file", modules(), ids=dotted)
def test_a_module_imports_only_what_its_room_may(file):
    name = dotted(file)
    room = max((room for room in ALLOWED if within(name, room)), key=len)
    allowed = {name if room == "infra" else room, *ALLOWED[room]}
    for target in imported(file):
        if any(within(target, package) for package in (*PACKAGES, "stacks", "tests")):
            assert any(within(target, other) for other in allowed), f"{name} imports {target}"


@pytest.mark.parametrize("file", modules(), ids=dotted)
def test_what_is_heavy_is_imported_in_its_one_place(file):
    where = str(file.relative_to(PROJECT))
    for target in imported(file):
        root = target.partition(".")[0]
        if root in HEAVY:
            assert where in HEAVY[root], f"{where} imports {target}"


@pytest.mark.parametrize(
    "root",
    [*PACKAGES, "infra.cli", "infra.blueprint", "infra.local", "infra.engines", "infra.engines.pulumi"],
)
def test_importing_a_root_loads_nothing_heavy(root):
    heavy = [*HEAVY, "moto", "boto3", "botocore", "numpy", "rich", "http.server"]
    code = f"import sys, {root}; print([name for name in {heavy} if name in sys.modules])"
    printed = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, check=True, capture_output=True, text=True
    ).stdout
    assert printed.strip() == "[]"
