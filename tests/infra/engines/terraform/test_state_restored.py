import json

from infra.engines.terraform.state import restored

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
