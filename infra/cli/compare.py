"""modelyard compare: which way of serving a model costs least and is fast enough."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any

import typer

from infra.cli import console
from infra.cli.options import AsJson, open_stack
from infra.cli.page import Html, writer
from infra.errors import Misuse, ToolchainError

if TYPE_CHECKING:
    from cost import PriceCatalog
    from infra.comparison.question import Asked, Measured, Question
    from infra.comparison.statement import Statement
    from infra.page.document import Page
    from infra.stack import Stack
    from infra.workloads import Workload

_LARGEST = Decimal(10) ** 12


def _text(name: str, metavar: str, words: str) -> Any:
    return typer.Option(name, metavar=metavar, help=words)


def register(application: typer.Typer) -> None:
    """Add the verb."""
    application.command()(compare)


def compare(
    stack: Annotated[
        str | None,
        typer.Argument(metavar="[STACK]", help="A stack, with --env; without one, say the model's numbers."),
    ] = None,
    env: Annotated[str | None, _text("--env", "NAME", "stacks/environments/NAME.toml.")] = None,
    workload: Annotated[str | None, _text("--workload", "NAME", "Which of the stack's workloads.")] = None,
    region: Annotated[str | None, _text("--region", "R", "Where; else the environment's.")] = None,
    requests: Annotated[str | None, _text("--requests", "N", "Requests a month.")] = None,
    traffic: Annotated[
        str | None,
        _text(
            "--traffic",
            "SHAPE|FILE",
            "constant, diurnal, business-hours, bursty, or a CSV file with time,requests.",
        ),
    ] = None,
    p99_ms: Annotated[
        str | None, _text("--p99-ms", "N", "The latency that 99 of 100 answers must keep.")
    ] = None,
    may_wait: Annotated[bool, typer.Option("--may-wait", help="Answers may come once a day.")] = False,
    p50_ms: Annotated[str | None, _text("--p50-ms", "N", "How long the model takes, typically.")] = None,
    measured_p99_ms: Annotated[
        str | None,
        _text("--measured-p99-ms", "N", "How long the slowest of 100 takes: the model, no objective."),
    ] = None,
    load_ms: Annotated[str | None, _text("--load-ms", "N", "How long loading the model takes.")] = None,
    memory_mb: Annotated[str | None, _text("--memory-mb", "N", "What the model needs.")] = None,
    threads: Annotated[str | None, _text("--threads", "N", "The vCPUs that one request keeps busy.")] = None,
    gpu: Annotated[
        str | None, _text("--gpu", "NAME", "A GPU that it was measured on, such as T4 or A10G.")
    ] = None,
    gpu_p50_ms: Annotated[
        str | None, _text("--gpu-p50-ms", "N", "How long it takes there, typically.")
    ] = None,
    gpu_p99_ms: Annotated[
        str | None, _text("--gpu-p99-ms", "N", "How long the slowest of 100 takes there.")
    ] = None,
    payload_kb: Annotated[str | None, _text("--payload-kb", "N", "Size of a request.")] = None,
    response_kb: Annotated[str | None, _text("--response-kb", "N", "Size of an answer.")] = None,
    input_tokens: Annotated[
        str | None, _text("--input-tokens", "N", "Of a request, for managed models.")
    ] = None,
    output_tokens: Annotated[str | None, _text("--output-tokens", "N", "Of an answer.")] = None,
    instance_types: Annotated[
        str | None, _text("--instance-types", "A,B", "Only these types or families, such as ml.m5.large,g5.")
    ] = None,
    plans: Annotated[
        str | None, _text("--plans", "A,B", "Only these kinds, such as always-on,lambda.")
    ] = None,
    arm64: Annotated[
        bool, typer.Option("--arm64", help="Functions on arm64 too, taken to be as fast as on x86.")
    ] = False,
    seed: Annotated[
        str | None, _text("--seed", "N", "Another month of the same traffic, by chance; else 0.")
    ] = None,
    whole: Annotated[
        bool, typer.Option("--all", help="Every plan, and not only the best of each kind.")
    ] = False,
    html: Html = None,
    json: AsJson = False,
) -> None:
    """Compare every way of serving a model: cost, latency, break-even points, the cheapest that is fast enough."""
    from infra.bill.scaled import NUMPY, has

    if not has("numpy"):
        raise ToolchainError(f"A comparison simulates a month, and {NUMPY}")
    from infra.comparison.question import Asked

    numbers = {
        "requests": requests,
        "p99_ms": p99_ms,
        "p50_ms": p50_ms,
        "measured_p99_ms": measured_p99_ms,
        "load_ms": load_ms,
        "memory_mb": memory_mb,
        "threads": threads,
        "gpu_p50_ms": gpu_p50_ms,
        "gpu_p99_ms": gpu_p99_ms,
        "payload_kb": payload_kb,
        "response_kb": response_kb,
        "input_tokens": input_tokens,
        "output_tokens": output_tokens,
        "seed": seed,
    }
    asked = Asked(
        region=region,
        traffic=_traffic(traffic),
        may_wait=may_wait,
        gpu=gpu,
        **{name: _number(name, value) for name, value in numbers.items()},
    )
    write = writer(html)
    told = _compare(stack, env, workload, asked, _names(instance_types), _names(plans), arm64)
    write(lambda: _page(told))
    if json:
        console.put_json(told.to_json())
    else:
        _show(told, whole)
    if not told.met:
        if json:
            console.say(told.sentence)
        raise typer.Exit(1)


def _page(told: "Statement") -> "Page":
    from cost import PriceCatalog
    from infra.page import comparison

    return comparison.page(told, PriceCatalog.load())


def _compare(
    stack: str | None,
    env: str | None,
    workload: str | None,
    asked: "Asked",
    types: list[str],
    kinds: list[str],
    arm64: bool,
) -> "Statement":
    from cost import PriceCatalog
    from cost.comparison import compare as judge
    from cost.comparison import crossings
    from infra.comparison import choice
    from infra.comparison.statement import Statement

    catalog = PriceCatalog.load()
    if asked.region is not None:
        choice.check_region(catalog, asked.region)
    question = _question(stack, env, workload, asked, catalog)
    among = choice.among(catalog, question.demand.region, types, kinds, arm64=arm64)
    console.say(f"comparing {len(among)} plans for {question.subject}")
    comparison = judge(question.demand, question.profile, catalog, among)
    best = [row for row in comparison.best if row.usd is not None]
    priced = [row.plan for row in best if not row.ruled_out] or [row.plan for row in best]
    return Statement(
        question, comparison, tuple(crossings(priced, question.demand, question.profile, catalog))
    )


def _question(
    stack: str | None, env: str | None, workload: str | None, asked: "Asked", catalog: "PriceCatalog"
) -> "Question":
    from cost import HOURS_PER_MONTH
    from infra.bill.month import Month
    from infra.comparison import question

    if stack is None:
        if env is not None or workload is not None:
            raise Misuse("--env and --workload belong to a stack; name one, or leave them out.")
        return question.of_options(asked)
    if env is None:
        raise Misuse(f"{stack!r} is a stack, and a stack needs its environment; write --env NAME.")
    _, loaded = open_stack(stack, env)
    chosen = _workload(loaded, workload)
    return question.of_workload(
        chosen, Month(loaded, catalog, HOURS_PER_MONTH), asked, _measuring(loaded, chosen)
    )


def _workload(stack: "Stack", name: str | None) -> "Workload":
    """The one that is named; else the only one, or the only one that the environment tells the use of."""
    named = {workload.name: workload for workload in stack.workloads}
    if name is not None and name not in named:
        raise Misuse(f"{stack.name} has no workload {name!r}; it has {', '.join(named)}.")
    used = [one for one in named if one in stack.environment.usage]
    candidates = [name] if name is not None else used if len(used) == 1 else list(named)
    if len(candidates) != 1:
        raise Misuse(
            f"{stack.name} has the workloads {', '.join(named)}; say which: --workload {candidates[0]}."
        )
    return named[candidates[0]]


def _measuring(stack: "Stack", workload: "Workload") -> "Callable[[], Measured]":
    """Its model as its profile.json has it; without one, measured as `modelyard package` does."""

    def measured() -> "Measured":
        from model_packaging import latency, profile

        if len(workload.models) != 1:
            raise Misuse(
                f"{workload.name} has {len(workload.models)} models; say --p50-ms and --memory-mb of one."
            )
        (model,) = workload.models
        directory = model.directory(stack.base)
        recorded = profile.read(directory)
        if recorded is not None and recorded.handler is not None:
            console.say(f"{model.path / profile.FILE}: measured on {recorded.measured_on}")
            return recorded.handler
        request = latency.sample(directory)
        if request is None:
            raise Misuse(
                f"Nothing tells how fast {workload.name} is; write duration_ms into [usage.{workload.name}], put a "
                f"sample.json into {model.path} to have it measured, or say --p50-ms and --memory-mb."
            )
        if model.missing_weights(stack.base):
            raise Misuse(
                f"The weights of {model.path} are not made yet, so it cannot be measured; run: modelyard package "
                f"{stack.name} --env {stack.environment.name}, or say --p50-ms and --memory-mb."
            )
        console.say(f"measuring {model.path}")
        return latency.measure(directory, request)

    return measured


def _traffic(said: str | None) -> str | None:
    from cost.simulation.traffic import SHAPES
    from cost.usage import is_trace

    if said is not None and said not in SHAPES and not is_trace(said):
        raise Misuse(
            f"--traffic is {said!r}; allowed are {', '.join(SHAPES)}, or a CSV file such as june.csv."
        )
    return said


def _number(name: str, said: str | None) -> Decimal | None:
    if said is None:
        return None
    option = f"--{name.replace('_', '-')}"
    try:
        number = Decimal(said.replace(",", ""))
    except InvalidOperation:
        raise Misuse(f"{option} is {said!r}; write a number, such as 500.") from None
    if not number.is_finite() or not 0 <= number <= _LARGEST:
        raise Misuse(f"{option} is {said}; allowed is a number from 0 to {_LARGEST:,f}.")
    return number


def _names(said: str | None) -> list[str]:
    return [name.strip() for name in (said or "").split(",") if name.strip()]


def _show(told: "Statement", whole: bool) -> None:
    from infra.comparison.statement import COLUMNS, NUMBERS

    rows = told.rows(whole)
    console.put(told.sentence)
    title = (
        "Every plan"
        if whole
        else f"The best of each kind, of {len(told.comparison.rows)} plans (--all shows every one)"
    )
    console.put_table(title, list(COLUMNS), [list(row) for row in rows], right=NUMBERS)
    console.put("Who wants answers sooner pays more:")
    for line in told.frontier:
        console.put(f"  {line}")
    if told.break_evens:
        console.put("Break-even, by cost alone:")
    for line in told.break_evens:
        console.put(f"  {line}")
    for note in told.notes:
        console.put(note)
