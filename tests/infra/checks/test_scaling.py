"""What AWS would refuse of autoscaling, with the line that a user sees."""

import typing

import pytest

from infra import (
    AsyncEndpoint,
    Metric,
    MultiModelEndpoint,
    ScheduledScaling,
    ServerlessEndpoint,
    Step,
    StepScaling,
    TargetTracking,
    checks,
)
from infra.checks.metrics import PUBLISHED
from infra.checks.scaling import TARGETS_OF
from infra.errors import InvalidStack
from infra.workloads import Workload
from infra.workloads.scaling import TARGETS
from tests.infra.checks.told import told
from tests.infra.conftest import MODEL, function, realtime


def tracking(**changes) -> TargetTracking:
    return TargetTracking(**{"max_capacity": 4, "invocations_per_instance": 100, **changes})


def backlog(**changes) -> TargetTracking:
    return TargetTracking(**{"min_capacity": 0, "max_capacity": 4, "backlog_per_instance": 5, **changes})


def used(**changes) -> TargetTracking:
    return TargetTracking(**{"max_capacity": 4, "utilization": 0.7, **changes})


def timetable(**changes) -> ScheduledScaling:
    fields = {"schedule": "cron(0 7 ? * MON-FRI *)", "min_capacity": 2, "max_capacity": 4}
    return ScheduledScaling(**{**fields, **changes})


NIGHT = timetable(schedule="cron(0 20 ? * MON-FRI *)", min_capacity=0, max_capacity=0)


def stepping(*steps: Step, **changes) -> StepScaling:
    fields = {"max_capacity": 4, "metric": Metric("CPUUtilization"), "threshold": 70, "steps": steps}
    return StepScaling(**{**fields, **changes})


def queue(*policies, **changes) -> AsyncEndpoint:
    fields = {"model": MODEL, "instance_type": "ml.m5.large", "autoscaling": policies}
    return AsyncEndpoint("inbox", **{**fields, **changes})


def cold(*policies, **changes) -> ServerlessEndpoint:
    return ServerlessEndpoint("cold", **{"model": MODEL, "autoscaling": policies, **changes})


def shelf(*policies) -> MultiModelEndpoint:
    return MultiModelEndpoint("shelf", models=[MODEL], instance_type="ml.m5.large", autoscaling=policies)


def test_functions_have_no_step_scaling(make_stack):
    def endpoint(kind):
        steps = stepping(Step(1, lower=0), metric=Metric("ModelLatency"))
        return kind(autoscaling=steps, provisioned_concurrency=1)

    with pytest.raises(InvalidStack) as error:
        checks.check(make_stack(endpoint(function)))
    assert str(error.value) == (
        "rank-small: AWS has no step scaling of functions; write utilization=0.7 in a TargetTracking, or a "
        "ScheduledScaling."
    )
    checks.check(make_stack(endpoint(lambda **fields: ServerlessEndpoint("cold", model=MODEL, **fields))))


@pytest.mark.parametrize(
    "workload",
    [
        realtime(autoscaling=(tracking(), timetable(), stepping(Step(1, lower=0)))),
        realtime(autoscaling=tracking(invocations_per_instance=None, concurrent_requests_per_instance=3)),
        realtime(
            autoscaling=tracking(invocations_per_instance=None, metric=Metric("GPUUtilization"), target=60)
        ),
        queue(backlog()),
        queue(backlog(), timetable(min_capacity=0, max_capacity=0)),
        shelf(tracking()),
        cold(used(), provisioned_concurrency=2),
        function(autoscaling=used(), provisioned_concurrency=2),
        function(autoscaling=(used(), NIGHT, timetable()), provisioned_concurrency=2),
        cold(NIGHT, timetable(), provisioned_concurrency=2),
        realtime(autoscaling=timetable()),
        realtime(
            autoscaling=stepping(
                Step(1, lower=0), metric=Metric("ConcurrentRequestsPerModel", period_seconds=10)
            )
        ),
        realtime(
            autoscaling=stepping(
                Step(1, lower=0), metric=Metric("Depth", namespace="Shop", dimensions={}, period_seconds=30)
            )
        ),
        realtime(
            autoscaling=stepping(
                Step(-1, upper=-20),
                Step(0, lower=-20, upper=0),
                Step(2, lower=10),
                Step(1, lower=0, upper=10),
            )
        ),
    ],
    ids=lambda workload: workload.name,
)
def test_what_aws_takes_passes(make_stack, workload):
    checks.check(make_stack(workload))


STEPS_OVERLAP = stepping(Step(1, lower=0, upper=20), Step(2, lower=10))
STEPS_APART = stepping(Step(1, lower=0, upper=10), Step(2, lower=20))


@pytest.mark.parametrize(
    ("workload", "line"),
    [
        (
            realtime(autoscaling=tracking(min_capacity=5)),
            "rank: min_capacity 5 is above max_capacity 4; write a minimum that is at most the maximum.",
        ),
        (
            realtime(autoscaling=(tracking(), timetable(min_capacity=5))),
            "rank: min_capacity 5 of cron(0 7 ? * MON-FRI *) is above max_capacity 4; write a minimum that is at most "
            "the maximum.",
        ),
        (
            realtime(autoscaling=(tracking(), stepping(Step(1, lower=0), min_capacity=2, max_capacity=8))),
            "rank: its policies go from 1 to 4 and 2 to 8; AWS keeps one minimum and one maximum for all of them: write "
            "the same in each, and other bounds at other times as ScheduledScaling.",
        ),
        (
            realtime(autoscaling=tracking(min_capacity=0)),
            "rank: min_capacity is 0; a real-time endpoint keeps at least 1 instance: write min_capacity=1, or use a "
            "LambdaEndpoint, which costs nothing at rest, or an AsyncEndpoint.",
        ),
        (
            realtime(autoscaling=(tracking(), timetable(min_capacity=0))),
            "rank: min_capacity of cron(0 7 ? * MON-FRI *) is 0; a real-time endpoint keeps at least 1 instance: write "
            "min_capacity=1, or use a LambdaEndpoint, which costs nothing at rest, or an AsyncEndpoint.",
        ),
        (
            shelf(tracking(min_capacity=0)),
            "shelf: min_capacity is 0; a multi-model endpoint keeps at least 1 instance: write min_capacity=1.",
        ),
        (
            function(autoscaling=used(min_capacity=0), provisioned_concurrency=1),
            "rank-small: min_capacity is 0; provisioned concurrency that is gone has no utilization to come back by: "
            "write min_capacity=1, or leave provisioned_concurrency and autoscaling out, which costs nothing at rest.",
        ),
        (
            cold(used(min_capacity=0), provisioned_concurrency=1),
            "cold: min_capacity is 0; provisioned concurrency that is gone has no utilization to come back by: write "
            "min_capacity=1, or leave provisioned_concurrency and autoscaling out, which costs nothing at rest.",
        ),
        (
            function(autoscaling=(used(), NIGHT), provisioned_concurrency=1),
            "rank-small: min_capacity of cron(0 20 ? * MON-FRI *) is 0, and nothing brings provisioned concurrency "
            'back; write another ScheduledScaling for that, such as schedule="cron(0 7 ? * MON-FRI *)" with '
            "min_capacity=1.",
        ),
        (
            queue(stepping(Step(1, lower=0), min_capacity=0)),
            "inbox: min_capacity is 0 without backlog_per_instance, and nothing else is measured while no instance is "
            "up; write TargetTracking(min_capacity=0, max_capacity=4, backlog_per_instance=5), or min_capacity=1.",
        ),
        (
            queue(tracking()),
            "inbox: AWS has no invocations_per_instance of an AsyncEndpoint; write backlog_per_instance=5, or target and "
            "metric of your own.",
        ),
        (
            realtime(autoscaling=backlog(min_capacity=1)),
            "rank: AWS has no backlog_per_instance of a RealtimeEndpoint; write invocations_per_instance=600, or target "
            "and metric of your own.",
        ),
        (
            cold(tracking(), provisioned_concurrency=1),
            "cold: AWS has no invocations_per_instance of a ServerlessEndpoint; write utilization=0.7, or target and "
            "metric of your own.",
        ),
        (
            realtime(instance_type="ml.t2.medium"),
            "rank: ml.t2.medium is burstable, and AWS does not autoscale it; write ml.m5.large or another type that is "
            "not ml.t*, or leave autoscaling out.",
        ),
        (
            realtime(instance_count=5),
            "rank: instance_count 5 is above max_capacity 4; write a count that is at most the maximum.",
        ),
        (
            function(autoscaling=used(), provisioned_concurrency=5),
            "rank-small: provisioned_concurrency 5 is above max_capacity 4; write a count that is at most the maximum.",
        ),
        (
            function(autoscaling=used()),
            "rank-small: autoscaling without provisioned_concurrency has nothing to scale, for AWS brings up the rest by "
            "itself; write provisioned_concurrency=1, or leave autoscaling out.",
        ),
        (
            realtime(autoscaling=STEPS_OVERLAP),
            "rank: the steps 0 to 20 and 10 to any overlap; let the one end where the other begins, as in upper=10 and "
            "lower=10.",
        ),
        (
            realtime(autoscaling=STEPS_APART),
            "rank: there is a gap between the steps 0 to 10 and 20 to any; let the one end where the other begins, as in "
            "upper=20 and lower=20.",
        ),
        (
            realtime(autoscaling=stepping(Step(1))),
            "rank: a step of +1 has neither lower nor upper; write lower=0 for all beyond the threshold.",
        ),
        (
            realtime(autoscaling=stepping(Step(1, lower=10, upper=10))),
            "rank: the step 10 to 10 is empty; write an upper that is above lower.",
        ),
        (
            realtime(autoscaling=stepping(Step(1, lower=0, upper=10))),
            "rank: the highest step 0 to 10 ends above the threshold; leave its upper out.",
        ),
        (
            realtime(autoscaling=stepping(Step(-1, lower=-10, upper=0))),
            "rank: the lowest step -10 to 0 ends below the threshold; leave its lower out.",
        ),
        (
            realtime(autoscaling=stepping(Step(-1, lower=0), adjustment="ExactCapacity")),
            "rank: ExactCapacity with change -1; write the count itself, from 0 on.",
        ),
        (
            realtime(
                autoscaling=stepping(Step(1, lower=0), metric=Metric("CPUUtilization", period_seconds=90))
            ),
            "rank: period_seconds 90 of CPUUtilization; CloudWatch takes 10, 20, 30 and multiples of 60: write 120.",
        ),
        *(
            (
                realtime(autoscaling=stepping(Step(1, lower=0), metric=metric)),
                f"rank: period_seconds {metric.period_seconds} of {metric.name}, which AWS publishes once a minute; write "
                "60, or the metric ConcurrentRequestsPerModel.",
            )
            for metric in (
                Metric("ModelLatency", period_seconds=10),
                Metric("ApproximateNumberOfMessagesVisible", namespace="AWS/SQS", period_seconds=30),
            )
        ),
        (
            realtime(autoscaling=stepping(Step(1, lower=0), evaluation_periods=2000)),
            "rank: 2000 evaluation_periods of 60 s; CloudWatch looks back over 86400 s: write at most 1440.",
        ),
        (
            realtime(
                autoscaling=tracking(
                    invocations_per_instance=None,
                    target=1,
                    metric=Metric("GPUUtilization", period_seconds=10),
                )
            ),
            "rank: period_seconds 10 of GPUUtilization; target tracking looks at every minute: leave period_seconds out, "
            "or use StepScaling.",
        ),
        (
            realtime(autoscaling=(tracking(), timetable(schedule="every morning"))),
            "rank: the schedule 'every morning' is no expression of AWS's; write cron(...), rate(...) or at(...), as in "
            "cron(0 7 ? * MON-FRI *).",
        ),
        (
            realtime(autoscaling=(tracking(), timetable(timezone="Europe/Berln"))),
            "rank: the time zone 'Europe/Berln' does not exist; write Europe/Berlin, Europe/Belfast, Europe/Helsinki.",
        ),
    ],
)
def test_what_aws_would_refuse_is_refused_here(make_stack, workload, line):
    with pytest.raises(InvalidStack) as caught:
        checks.check(make_stack(workload))
    assert str(caught.value) == line


def test_every_kind_has_its_targets_and_every_target_its_kind():
    assert set(TARGETS_OF) == set(typing.get_args(Workload))
    assert {target for targets in TARGETS_OF.values() for target in targets} == set(TARGETS)


def test_two_targets_of_one_metric_are_refused(make_stack):
    twice = realtime(autoscaling=[tracking(), tracking(invocations_per_instance=50)])
    with pytest.raises(InvalidStack) as caught:
        checks.check(make_stack(twice))
    assert str(caught.value) == (
        "rank: 2 policies track invocations_per_instance; AWS takes one for each metric: keep the one with the "
        "target that is meant."
    )
    own = {"invocations_per_instance": None, "metric": Metric("Q", namespace="Own", dimensions={"A": "b"})}
    with pytest.raises(InvalidStack, match="2 policies track metric Q; AWS takes one for each metric"):
        checks.check(make_stack(realtime(autoscaling=[tracking(**own, target=1), tracking(**own, target=2)])))
    both = [tracking(), tracking(invocations_per_instance=None, concurrent_requests_per_instance=3)]
    checks.check(make_stack(realtime(autoscaling=both)))


OWN = "or with a metric of your own its namespace: Metric({!r}, namespace='...', dimensions={{...}})."


@pytest.mark.parametrize(
    ("workload", "line"),
    [
        (
            realtime(autoscaling=stepping(Step(1, lower=0), metric=Metric("ModelLatenzy"))),
            "rank: AWS publishes no metric 'ModelLatenzy' of it; write Metric('ModelLatency'), "
            + OWN.format("ModelLatenzy"),
        ),
        (
            realtime(autoscaling=tracking(invocations_per_instance=None, metric=Metric("Depth"), target=3)),
            "rank: AWS publishes no metric 'Depth' of it; write one that it has, such as ModelLatency, "
            + OWN.format("Depth"),
        ),
        (
            # An asynchronous endpoint has no Invocations: such an alarm would never see a datapoint.
            queue(
                backlog(),
                tracking(
                    invocations_per_instance=None, min_capacity=0, metric=Metric("Invocations"), target=3
                ),
            ),
            "inbox: AWS publishes no metric 'Invocations' of it; write Metric('InvocationFailures'), "
            + OWN.format("Invocations"),
        ),
        (
            function(
                autoscaling=tracking(invocations_per_instance=None, metric=Metric("Backlog"), target=3),
                provisioned_concurrency=2,
            ),
            "rank-small: AWS publishes no metric 'Backlog' of it; write one that it has, such as "
            "ProvisionedConcurrentExecutions, " + OWN.format("Backlog"),
        ),
    ],
)
def test_a_metric_that_aws_does_not_publish_needs_its_namespace(make_stack, workload, line):
    assert told(make_stack(workload)) == [line]


def test_every_kind_that_scales_has_its_metrics():
    assert PUBLISHED.keys() == {kind for kind, targets in TARGETS_OF.items() if targets}
