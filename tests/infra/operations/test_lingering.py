"""What AWS refuses for a moment only is tried again, and nothing else is, and nothing more than was planned."""

from dataclasses import dataclass, field

import pytest
from botocore.exceptions import ClientError

from infra.engines.diagnostics import Diagnostic, EngineFailed
from infra.engines.plan import Change, PlanSummary
from infra.operations import lingering

MACHINES = Change(
    "aws_batch_compute_environment.embed-spot", "aws_batch_compute_environment", "embed-spot", "replace", None
)
QUEUE = Change("aws_batch_job_queue.embed", "aws_batch_job_queue", "embed", "update", None)
LEFT = Change(MACHINES.address, MACHINES.type, MACHINES.name, "delete", None)
RELATED = (
    "deleting Batch Compute Environment (dev-shop-embed): Cannot delete, found existing JobQueue relationship"
)


REPLACED = Change("aws_sagemaker_endpoint.rank", "aws_sagemaker_endpoint", "rank", "replace", None)
EXISTS = (
    "creating SageMaker AI Endpoint (dev-shop-rank): operation error SageMaker: CreateEndpoint, api error "
    "ValidationException: Cannot create already existing endpoint "
    '"arn:aws:sagemaker:us-east-1:111122223333:endpoint/dev-shop-rank".'
)


class Aws:
    """SageMaker, which says of the endpoint what is in `said`, and at last that it is not there."""

    def __init__(self, *said: str) -> None:
        self.said = list(said)

    def client(self, service: str) -> "Aws":
        assert service == "sagemaker"
        return self

    def describe_endpoint(self, EndpointName: str) -> dict[str, str]:
        assert EndpointName == "dev-shop-rank"
        if not self.said:
            raise ClientError({"Error": {"Code": "ValidationException", "Message": ""}}, "DescribeEndpoint")
        return {"EndpointStatus": self.said.pop(0) if len(self.said) > 1 else self.said.pop()}


AWS = Aws()


def plan(*changes):
    return PlanSummary(changes, len(changes), 0, 0, empty=not changes)


def failed(*lines):
    return EngineFailed(Diagnostic(severity="error", summary=line, detail="", address=None) for line in lines)


@dataclass
class Engine:
    """Each apply ends as `ends` has it; what a further plan finds is in `further`."""

    ends: list
    further: list = field(default_factory=list)
    done: list = field(default_factory=list)

    def apply(self, _watch):
        self.done.append("apply")
        end = self.ends.pop(0)
        if isinstance(end, Exception):
            raise end
        return end

    def plan(self, *, destroy=False):
        self.done.append("plan to destroy" if destroy else "plan")
        return self.further.pop(0)

    def outputs(self):
        self.done.append("outputs")
        return {"name": "value"}


def apply(engine, destroy=False, aws=AWS, taken_over=()):
    """`taken_over` is what each look for what AWS has made finds."""
    slept: list[float] = []
    said: list[str] = []
    found = iter(taken_over)
    outputs = lingering.apply(
        plan(MACHINES, QUEUE, REPLACED),
        engine,
        aws,
        said.append,
        lambda _: None,
        destroy=destroy,
        take_over=lambda: next(found),
        sleep=slept.append,
    )
    assert len(said) == sum(pause >= 5 for pause in slept)
    return outputs, slept


def test_what_succeeds_is_done_once():
    engine = Engine([{"a": 1}])
    assert apply(engine) == ({"a": 1}, [])
    assert engine.done == ["apply"]


@pytest.mark.parametrize("destroy", [False, True])
def test_what_lingers_is_planned_and_done_again(destroy):
    engine = Engine([failed(RELATED), failed(RELATED, RELATED), {"a": 1}], [plan(LEFT), plan(LEFT)])
    assert apply(engine, destroy) == ({"a": 1}, [5.0, 10.0])
    again = "plan to destroy" if destroy else "plan"
    assert engine.done == ["apply", again, "apply", again, "apply"]


def test_what_is_done_meanwhile_is_not_done_again():
    engine = Engine([failed(RELATED)], [plan()])
    assert apply(engine)[0] == {"name": "value"}
    assert engine.done == ["apply", "plan", "outputs"]


@pytest.mark.parametrize("lines", [["AccessDenied"], [RELATED, "AccessDenied"]])
def test_any_other_failure_is_one(lines):
    engine = Engine([failed(*lines)])
    with pytest.raises(EngineFailed, match="AccessDenied"):
        apply(engine)
    assert engine.done == ["apply"]


def test_what_was_not_planned_is_not_done():
    other = Change("aws_sagemaker_endpoint.other", "aws_sagemaker_endpoint", "other", "delete", None)
    engine = Engine([failed(RELATED)], [plan(LEFT, other)])
    with pytest.raises(EngineFailed, match="JobQueue relationship"):
        apply(engine)
    assert engine.done == ["apply", "plan"]


def test_it_ends():
    engine = Engine([failed(RELATED)] * 9, [plan(LEFT)] * 9)
    with pytest.raises(EngineFailed, match="JobQueue relationship"):
        apply(engine)
    assert engine.done.count("apply") == len(lingering.PAUSES_SECONDS) + 1


def test_an_endpoint_that_is_still_going_is_waited_for_and_made():
    engine = Engine([failed(EXISTS), {"a": 1}], [plan(REPLACED)])
    outputs, slept = apply(engine, aws=Aws("Deleting", "Deleting"))
    assert (outputs, slept) == ({"a": 1}, [1.0, 1.0, 5.0])
    assert engine.done == ["apply", "plan", "apply"]


@pytest.mark.parametrize("status", ["Creating", "InService"])
def test_an_endpoint_that_is_there_is_somebodys(status):
    engine = Engine([failed(EXISTS)])
    with pytest.raises(EngineFailed, match="already existing endpoint"):
        apply(engine, aws=Aws(status), taken_over=[False])
    assert engine.done == ["apply"]


@pytest.mark.parametrize(
    "line",
    [
        'ValidationException: Cannot create already existing model "arn:aws:sagemaker:eu-west-1:1:model/m".',
        "EntityAlreadyExists: Role with name dev-shop-rank already exists.",
        "ResourceAlreadyExistsException: The specified log group already exists",
        "ResourceConflictException: Function already exist: dev-shop-rank",
        "ResourceConflictException: FunctionUrlConfig exists for this Lambda function",
        "InvalidLaunchTemplateName.AlreadyExistsException: Launch template name already in use.",
        "ClientException: Object already exists",
        "RepositoryAlreadyExistsException: The repository with name 'modelyard-dev' already exists",
        "BucketAlreadyOwnedByYou: Your previous request to create the named bucket succeeded and you already own it.",
    ],
)
def test_what_is_made_and_whose_answer_was_lost_is_taken_over(line):
    engine = Engine([failed(line, line), failed(line), {"a": 1}], [plan(LEFT), plan(LEFT)])
    assert apply(engine, taken_over=[True, True]) == ({"a": 1}, [])
    assert engine.done == ["apply", "plan", "apply", "plan", "apply"]


@pytest.mark.parametrize("destroy", [False, True])
@pytest.mark.parametrize("said", [("Updating", "InService"), ("Deleting", "Deleting"), ()])
def test_an_endpoint_that_is_busy_is_waited_for(said, destroy):
    line = EXISTS.replace("create already existing", "update in-progress")
    engine = Engine([failed(line), {"a": 1}], [plan(REPLACED)])
    assert apply(engine, destroy, aws=Aws(*said))[0] == {"a": 1}
    assert engine.done == ["apply", "plan to destroy" if destroy else "plan", "apply"]


def test_what_is_taken_over_and_what_lingers():
    exists = "EntityAlreadyExists: Role with name dev-shop-rank already exists."
    engine = Engine([failed(RELATED, exists), {"a": 1}], [plan(LEFT)])
    assert apply(engine, taken_over=[True]) == ({"a": 1}, [5.0])


@pytest.mark.parametrize(
    "lines",
    [
        [EXISTS],
        [EXISTS, "AccessDenied"],
        ["An update is in progress"],
        ["creating S3 Bucket (b): BucketAlreadyExists"],
    ],
)
def test_what_is_not_ours_or_no_lost_answer_is_a_failure(lines):
    engine = Engine([failed(*lines)])
    with pytest.raises(EngineFailed):
        apply(engine, aws=Aws("InService"), taken_over=[False] if lines == [EXISTS] else [])
    assert engine.done == ["apply"]
