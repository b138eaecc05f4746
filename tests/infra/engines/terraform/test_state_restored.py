import json

from infra.engines.terraform.state import known, restored, superseded

NEW = {"attributes": {"id": "rank-2"}, "schema_version": 0}
OLD = {"attributes": {"id": "rank-1"}, "deposed": "1a2b", "schema_version": 0}
OLDER = {"attributes": {"id": "rank-0"}, "deposed": "3c4d", "schema_version": 0}


def state(*instances) -> str:
    resource = {"mode": "managed", "type": "aws_sagemaker_model", "name": "rank", "instances": [*instances]}
    return json.dumps({"version": 4, "serial": 7, "lineage": "x", "outputs": {}, "resources": [resource]})


def instances(text: str) -> list:
    data = json.loads(text)
    assert (data["serial"], data["lineage"]) == (8, "x")
    return data["resources"][0]["instances"]


def test_the_deposed_object_that_serves_is_current_again_and_the_new_one_is_forgotten():
    kept = {"attributes": {"id": "rank-1"}, "schema_version": 0}
    assert instances(restored(state(NEW, OLDER, OLD), {"aws_sagemaker_model.rank": "rank-1"})) == [kept]


def test_what_is_not_deposed_or_not_named_stays():
    assert instances(restored(state(NEW), {"aws_sagemaker_model.rank": "rank-2"})) == [NEW]
    assert instances(restored(state(NEW, OLD), {"aws_sagemaker_model.other": "rank-1"})) == [NEW, OLD]
    assert instances(restored(state(NEW, OLD), {"aws_sagemaker_model.rank": "rank-9"})) == [NEW, OLD]


def test_a_successor_becomes_current_and_what_was_so_is_left_to_go():
    names = {"aws_sagemaker_model.rank": {"id": "rank-3", "name": "rank-3", "arn": None}}
    new, before, older = instances(superseded(state(NEW, OLDER), names))
    assert new == {"attributes": {"id": "rank-3", "name": "rank-3"}, "schema_version": 0}
    assert len(before.pop("deposed")) == 8 and before == NEW and older == OLDER


def test_a_successor_of_what_was_only_left_to_go():
    names = {"aws_sagemaker_model.rank": {"id": "rank-3"}}
    new, before = instances(superseded(state(OLD), names))
    assert "deposed" not in new and before == OLD


def test_what_the_state_has_already_is_no_successor():
    assert instances(superseded(state(NEW, OLD), {"aws_sagemaker_model.rank": {"id": "rank-2"}})) == [
        NEW,
        OLD,
    ]
    assert instances(superseded(state(NEW, OLD), {"aws_sagemaker_model.rank": {"id": "rank-1"}})) == [
        NEW,
        OLD,
    ]
    assert instances(superseded(state(NEW), {"aws_iam_role.rank": {"id": "x"}})) == [NEW]


def test_what_a_state_knows_is_also_what_is_left_to_go():
    assert known(state(OLD)) == {"aws_sagemaker_model.rank"}
    assert known(state()) == known("") == frozenset()
