import json

import pytest

from infra.engines.terraform.state import State, parse, untainted
from infra.errors import TerraformError


def instance(**attributes: str) -> dict[str, object]:
    return {"attributes": attributes}


def test_resources_and_outputs_are_read() -> None:
    text = json.dumps(
        {
            "version": 4,
            "outputs": {"role": {"value": "arn:r", "type": "string"}},
            "resources": [
                {"mode": "data", "type": "aws_region", "name": "here", "instances": [instance(id="x")]},
                {
                    "mode": "managed",
                    "type": "aws_iam_role",
                    "name": "r",
                    "instances": [instance(id="role-r")],
                },
                {
                    "mode": "managed",
                    "module": "module.m",
                    "type": "aws_s3_bucket",
                    "name": "b",
                    "instances": [
                        {"index_key": 0, **instance(id="b0")},
                        {"index_key": "k", **instance(id="bk")},
                    ],
                },
            ],
        }
    )
    state = parse(text, "the state")
    assert state.outputs == {"role": "arn:r"}
    assert [
        (resource.address, resource.type, resource.name, resource.id) for resource in state.resources
    ] == [
        ("aws_iam_role.r", "aws_iam_role", "r", "role-r"),
        ("module.m.aws_s3_bucket.b[0]", "aws_s3_bucket", "b", "b0"),
        ('module.m.aws_s3_bucket.b["k"]', "aws_s3_bucket", "b", "bk"),
    ]


def test_attributes_are_not_shown() -> None:
    text = json.dumps(
        {
            "version": 4,
            "resources": [
                {"mode": "managed", "type": "t", "name": "n", "instances": [instance(secret="hunter2")]}
            ],
        }
    )
    assert "hunter2" not in repr(parse(text, "the state"))


def test_no_state_is_an_empty_one() -> None:
    assert parse("\n", "the state") == State()


@pytest.mark.parametrize("text", ["{", "[]", "{}", "<html>"])
def test_what_is_no_state_is_refused(text: str) -> None:
    with pytest.raises(TerraformError, match=r"^here\.tfstate is not a Terraform state: restore"):
        parse(text, "here.tfstate")


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(TerraformError, match=r"has state format 5, only 4 is read"):
        parse('{"version": 5}', "here.tfstate")


def test_what_is_whole_is_not_to_be_replaced_and_all_else_stays() -> None:
    def one(name: str) -> dict[str, object]:
        return {
            "mode": "managed",
            "type": "t",
            "name": name,
            "instances": [{"status": "tainted", **instance(id=name)}],
        }

    before = {"version": 4, "serial": 7, "lineage": "l", "resources": [one("a"), one("b")]}
    after = json.loads(untainted(json.dumps(before), {"t.a"}))
    assert after["resources"][0]["instances"] == [instance(id="a")]
    assert after["resources"][1] == one("b")
    assert (after["serial"], after["lineage"]) == (8, "l")
