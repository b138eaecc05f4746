"""checkov, from PyPI and offline, over every example in every environment, and over twenty-five mistakes."""

import pytest

from infra import rules
from infra.blueprint import blueprint
from infra.engines.terraform import synth
from tests.infra.test_blueprint import ENVIRONMENTS, STACKS, keys
from tests.judges import checkov, examples
from tests.judges.mutants import MUTANTS, as_blueprint, base, mutate
from tests.judges.waivers import GATE, MOST, ONLY, WAIVED

MODULES = [
    *(f"{name}-{env}" for env in ENVIRONMENTS for name in STACKS),
    *(f"{name}-{env}" for env in ENVIRONMENTS for name in ("storage", "idle")),
]


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> checkov.Report:
    """One run over all examples."""
    return checkov.judge(examples.modules(), tmp_path_factory.mktemp("examples"))


@pytest.mark.parametrize("module", MODULES)
def test_an_example_passes_and_fails_only_what_is_waived(module, report):
    assert report.passed[module] > 0
    assert {
        (failure.check, failure.resource, failure.name)
        for failure in report.failed
        if failure.module == module and not is_waived(failure)
    } == set()


def is_waived(failure: checkov.Failure) -> bool:
    kinds = ONLY.get(failure.check)
    if failure.check not in WAIVED or kinds is None:
        return failure.check in WAIVED
    if failure.module not in examples.stacks():
        return False
    workloads = {workload.name: workload for workload in examples.stacks()[failure.module].workloads}
    return isinstance(workloads.get(failure.resource.rpartition(".")[2]), kinds)


def test_the_waivers_are_few_and_none_is_of_the_hard_gate():
    assert len(WAIVED) <= MOST
    assert all(WAIVED.values())
    assert set(WAIVED) & GATE <= set(ONLY)


def test_every_waiver_is_needed(report):
    assert set(WAIVED) <= {failure.check for failure in report.failed}


@pytest.mark.node
def test_the_synthesised_text_itself_can_be_read(tmp_path):
    stacks = examples.stacks()
    texts = {
        name: synth.synth(blueprint(stack, keys(stack)), stack.environment, stack.name)
        for name, stack in stacks.items()
        if name.endswith("-prod")
    }
    assert all(passed > 0 for passed in checkov.judge(texts, tmp_path).passed.values())


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    """By mutant: the checks of checkov that only it fails, and what our rules say of it."""
    folder = tmp_path_factory.mktemp("stack")
    (folder / "models" / "tiny").mkdir(parents=True)
    stack, sound = base(folder)
    modules = {"sound": sound, **{f"m{at}": mutate(sound, mutant) for at, mutant in enumerate(MUTANTS)}}
    found = checkov.judge(modules, tmp_path_factory.mktemp("mutants"))
    of = {
        mutant.mistake: (
            found.of(f"m{at}") - found.of("sound"),
            rules.findings(stack, as_blueprint(modules[f"m{at}"])),
        )
        for at, mutant in enumerate(MUTANTS)
    }
    return {"sound": (found.of("sound") - set(WAIVED), rules.findings(stack, as_blueprint(sound))), **of}


def test_without_a_mistake_nobody_finds_one(verdicts):
    assert verdicts["sound"] == (frozenset(), [])


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.mistake)
def test_a_mistake_is_caught_by_who_is_said_to_catch_it(mutant, verdicts):
    checks, findings = verdicts[mutant.mistake]
    assert (mutant.checkov is None) == (checks == frozenset()), checks
    assert mutant.checkov is None or mutant.checkov in checks, checks
    assert (mutant.ours is None) == (findings == []), findings
    assert mutant.ours is None or any(mutant.ours in finding for finding in findings), findings


def test_of_twenty_five_mistakes_all_are_caught_where_checkov_alone_catches_twenty():
    assert len(MUTANTS) == 25
    assert sum(mutant.checkov is not None for mutant in MUTANTS) == 20
    assert all(mutant.checkov or mutant.ours for mutant in MUTANTS)
