"""Two states, and what somebody did between them."""

import json
import zipfile
from copy import deepcopy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.engines.terraform import drift
from infra.engines.terraform.state import State, StateResource
from infra.errors import TerraformError
from tests.infra.engines.terraform.test_runner import INIT

TARGET = {"id": "endpoint/x", "max_capacity": 2, "min_capacity": 1, "tags_all": {"modelyard:stack": "desk"}}
ALARM = {"id": "x-latency", "threshold": 500_000, "alarm_actions": ["arn:topic"]}
POLICY = {"id": "x", "policy": '{"Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"]}]}'}
FUNCTION = {"id": "x", "environment": [{"variables": {"TOKEN": "canary"}}], "last_modified": "today"}


def resource(address: str, attributes: dict) -> StateResource:
    kind, _, name = address.partition(".")
    return StateResource(address, kind, name, attributes)


BEFORE = {
    "aws_appautoscaling_target.read": TARGET,
    "aws_cloudwatch_metric_alarm.read-latency": ALARM,
    "aws_iam_role_policy.read": POLICY,
    "aws_lambda_function.ready": FUNCTION,
    "aws_lambda_provisioned_concurrency_config.ready": {"id": "x", "provisioned_concurrent_executions": 1},
}


def state(resources: dict[str, dict]) -> State:
    return State(tuple(resource(address, attributes) for address, attributes in resources.items()))


def lines(after: dict[str, dict], before: dict[str, dict] = BEFORE) -> list[str]:
    return [one.line for one in drift.compare(state(before), state(after))]


def changed(address: str, **attributes) -> dict[str, dict]:
    after = deepcopy(BEFORE)
    after[address] |= attributes
    return after


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (
            changed("aws_appautoscaling_target.read", max_capacity=7),
            "aws_appautoscaling_target.read: max_capacity is 7, was 2",
        ),
        (
            changed("aws_cloudwatch_metric_alarm.read-latency", threshold=1, alarm_actions=["arn:topic"]),
            "aws_cloudwatch_metric_alarm.read-latency: threshold is 1, was 500000",
        ),
        (
            changed("aws_iam_role_policy.read", policy='{"Statement": []}'),
            "aws_iam_role_policy.read: policy is another",
        ),
        (
            changed("aws_appautoscaling_target.read", tags_all={"team": "search"}),
            "aws_appautoscaling_target.read: tag team added, tag modelyard:stack removed",
        ),
        # What may be a secret is named and not shown.
        (
            changed("aws_lambda_function.ready", environment=[{"variables": {"TOKEN": "other"}}]),
            "aws_lambda_function.ready: environment is another",
        ),
        (
            {address: one for address, one in BEFORE.items() if "alarm" not in address},
            "aws_cloudwatch_metric_alarm.read-latency is gone",
        ),
    ],
)
def test_what_somebody_did_is_one_line(after, told):
    assert lines(after) == [told]


@pytest.mark.parametrize(
    "after",
    [
        changed("aws_cloudwatch_metric_alarm.read-latency", ok_actions=[], tags=None, dimensions={}),
        changed(
            "aws_iam_role_policy.read",
            policy='{"Statement":[{"Action":["s3:GetObject"],"Effect":"Allow"}]}',
        ),
        changed("aws_lambda_function.ready", last_modified="tomorrow", layers=None),
        # Application Auto Scaling's own work.
        changed("aws_lambda_provisioned_concurrency_config.ready", provisioned_concurrent_executions=2),
    ],
)
def test_what_only_looks_different_is_nothing(after):
    assert lines(after) == []


def test_what_aws_itself_moves_is_nothing():
    before = {
        "aws_appautoscaling_target.read": {**TARGET, "resource_id": "endpoint/x"},
        "aws_appautoscaling_scheduled_action.night": {"id": "n", "resource_id": "endpoint/x"},
        "aws_iam_role.read": {"id": "r", "inline_policy": []},
        "aws_iam_role_policy.read": {"id": "r:ours", "role": "r", "name": "ours"},
        "aws_sns_topic.alarms": {"id": "t", "policy": "{}"},
        "aws_batch_compute_environment.embed": {"id": "c", "compute_resources": [{"desired_vcpus": 0}]},
    }
    after = deepcopy(before)
    after["aws_appautoscaling_target.read"] |= {"min_capacity": 0, "max_capacity": 0}
    after["aws_iam_role.read"]["inline_policy"] = [{"name": "ours", "policy": "{}"}]
    after["aws_sns_topic.alarms"]["policy"] = '{"Statement": []}'
    after["aws_batch_compute_environment.embed"]["compute_resources"] = [{"desired_vcpus": 4}]
    assert lines(after, before) == []
    # One that somebody put on the role is told, and so is one that was attached to it.
    opened = deepcopy(after)
    opened["aws_iam_role.read"]["inline_policy"] += [{"name": "theirs", "policy": "{}"}]
    opened["aws_iam_role.read"]["managed_policy_arns"] = ["arn:aws:iam::aws:policy/AdministratorAccess"]
    assert lines(opened, before) == [
        "aws_iam_role.read: managed_policy_arns is another",
        "aws_iam_role.read: inline policy theirs added",
    ]
    # Without a timetable the bounds are the target's own.
    del before["aws_appautoscaling_scheduled_action.night"]
    assert len(lines(after, before)) == 2


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(["aws_x.a", "aws_y.b"]), st.dictionaries(st.text(max_size=4), VALUES)))
def test_a_state_does_not_differ_from_itself(resources):
    assert lines(deepcopy(resources), resources) == []


def written(folder: Path, after: dict[str, dict]) -> Path:
    """A plan's file, as far as it is read."""

    def text(resources: dict[str, dict]) -> str:
        return json.dumps(
            {
                "version": 4,
                "resources": [
                    {
                        "mode": "managed",
                        "type": address.partition(".")[0],
                        "name": address.partition(".")[2],
                        "instances": [{"attributes": attributes}],
                    }
                    for address, attributes in resources.items()
                ],
            }
        )

    file = folder / "drift.tfplan"
    with zipfile.ZipFile(file, "w") as plan:
        plan.writestr(drift.BEFORE, text(BEFORE))
        plan.writestr(drift.AFTER, text(after))
        plan.writestr("tfplan", b"\x00binary")
    return file


def test_both_states_are_read_from_the_plan(tmp_path):
    file = written(tmp_path, changed("aws_appautoscaling_target.read", min_capacity=0))
    (found,) = drift.read(file, "the state")
    assert (found.address, found.line) == (
        "aws_appautoscaling_target.read",
        "aws_appautoscaling_target.read: min_capacity is 0, was 1",
    )


@pytest.mark.parametrize("code", [0, 1])
def test_a_runner_only_refreshes_locks_nothing_and_leaves_no_plan(fake, runner, folder, tmp_path, code):
    plan = written(tmp_path, changed("aws_appautoscaling_target.read", max_capacity=7))
    fake.script({"init": INIT, "plan": {"copies": {"drift.tfplan": str(plan)}, "exit": code}})
    if code:
        with pytest.raises(TerraformError):
            runner.drift()
    else:
        assert [one.line for one in runner.drift()] == [
            "aws_appautoscaling_target.read: max_capacity is 7, was 2"
        ]
    assert fake.calls()[-1]["arguments"] == [
        "plan",
        "-refresh-only",
        "-json",
        "-input=false",
        "-lock=false",
        "-out=drift.tfplan",
    ]
    assert not (folder / "drift.tfplan").exists()
