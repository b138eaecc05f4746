"""checkov over many modules in one process: it takes seconds to start."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.judges import environment


@dataclass(frozen=True)
class Failure:
    """One failed check. In JSON checkov loses the type of many resources, and says `resource.NAME`."""

    module: str
    check: str
    resource: str
    name: str


@dataclass(frozen=True)
class Report:
    """What checkov found in all modules together; `passed` is how many checks passed, by module."""

    passed: Mapping[str, int]
    failed: tuple[Failure, ...]

    def of(self, module: str) -> frozenset[str]:
        """The ids of the checks that a module failed."""
        return frozenset(failure.check for failure in self.failed if failure.module == module)


def judge(modules: Mapping[str, Mapping[str, Any] | str], folder: Path) -> Report:
    """Checkov's report on `modules`, each in a folder of its own below `folder`; text is taken as it is."""
    for name, content in modules.items():
        (folder / name).mkdir()
        text = content if isinstance(content, str) else json.dumps(content, indent=1)
        (folder / name / "cdk.tf.json").write_text(text)
    # terraform_json: with `terraform` it reads nothing of these files, and calls that 0 failures.
    words = ("--directory", ".", "--framework", "terraform_json", "--skip-download", "--output", "json")
    answer = json.loads(environment.run("checkov", *words, folder=folder))
    assert answer["summary"]["parsing_errors"] == 0, answer["results"]["parsing_errors"]
    passed = dict.fromkeys(modules, 0)
    for check in answer["results"]["passed_checks"]:
        passed[_module(check)] += 1
    return Report(
        passed,
        tuple(
            Failure(_module(check), check["check_id"], check["resource"], check["check_name"])
            for check in answer["results"]["failed_checks"]
        ),
    )


def _module(check: Mapping[str, Any]) -> str:
    return str(check["file_path"]).strip("/").partition("/")[0]
