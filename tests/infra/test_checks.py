import pytest

from infra import TargetTracking, checks
from infra.errors import InvalidStack
from model_packaging import Model
from tests.infra.conftest import function, realtime


def scaling(**changes) -> TargetTracking:
    return TargetTracking(**{"max_capacity": 4, "invocations_per_instance": 100, **changes})


def test_a_good_stack_passes(make_stack):
    checks.check(make_stack(realtime(), function()))


@pytest.mark.parametrize(
    ("workloads", "message"),
    [
        ((), "has no workloads; add one"),
        ((realtime("my_model"),), "'my_model' is not allowed; .*: write 'my-model'."),
        ((realtime("9lives"),), "write 'm-9lives'"),
        ((realtime("a" * 60),), "has 69 characters; AWS allows 63"),
        ((realtime("a"), function("a")), "2 workloads named 'a'"),
        ((realtime(instance_type="ml.m5.larg"),), "no instance type 'ml.m5.larg'; near it are ml.m5.large"),
        ((realtime(instance_type="m5.large"),), "no instance type 'm5.large'; near it are ml.m5.large"),
        ((realtime(instance_type="gpu"),), "no instance type 'gpu'; near it are"),
        ((realtime(autoscaling=scaling(min_capacity=5)),), "min_capacity 5 is above max_capacity 4"),
        ((realtime(autoscaling=scaling(min_capacity=0)),), "keeps at least 1 instance: write min_capacity=1"),
        ((realtime(instance_type="ml.t2.medium"),), "burstable, and AWS does not autoscale it"),
        ((realtime(instance_count=5),), "instance_count 5 is above max_capacity 4"),
        ((function(runtime="python2.7"),), "no runtime 'python2.7'.*allowed are python3"),
        ((function(environment={"AWS_REGION": "x"}),), "Lambda keeps the variable 'AWS_REGION' for itself"),
        ((function(environment={"LAMBDA_TASK_ROOT": "x"}),), "keeps the variable 'LAMBDA_TASK_ROOT'"),
        ((realtime(environment={"MY-KEY": "x"}),), "no variable named 'MY-KEY'"),
        ((realtime(image="nginx"),), "'nginx' is not in Amazon ECR"),
        ((realtime(instance_type="ml.inf2.xlarge"),), "no ready image for handlers on neuron instances"),
        ((realtime(instance_type="ml.c7g.large"),), "no ready image for handlers on arm instances"),
        ((realtime(model=Model("models/none", framework="onnx")),), "models/none does not exist"),
        (
            (realtime(model=Model("models/tiny", framework="onnx", weights=("model.onnx",))),),
            "lacks model.onnx; put the file there, or name a script",
        ),
    ],
)
def test_what_aws_would_refuse_is_refused_here(make_stack, workloads, message):
    with pytest.raises(InvalidStack, match=message) as caught:
        checks.check(make_stack(*workloads))
    assert len(str(caught.value).splitlines()) == 1


def test_a_model_folder_without_a_handler_says_what_to_write(make_stack, base):
    (base / "models" / "tiny" / "inference.py").unlink()
    with pytest.raises(InvalidStack, match=r"has no inference\.py; write one with predict_fn"):
        checks.check(make_stack(realtime(), function()))


def test_every_finding_is_told_at_once(make_stack):
    with pytest.raises(InvalidStack) as caught:
        checks.check(make_stack(realtime("a_b"), function("c_d", runtime="python3"), name="E"))
    assert len(str(caught.value).splitlines()) == 4
