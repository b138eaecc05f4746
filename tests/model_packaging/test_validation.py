"""What a handler declares as its Input, and what is told to who sends something else."""

from typing import Literal

import pytest
from pydantic import BaseModel, Field

from model_packaging.hosts.faults import BadRequest
from model_packaging.hosts.validation import described, validated


class Input(BaseModel):
    text: str = Field(min_length=1)
    top: int = Field(1, ge=1, le=10)
    mode: Literal["fast", "good"] = "fast"


def test_the_data_becomes_the_model():
    assert validated(Input, {"text": "a", "top": 3}) == Input(text="a", top=3)


@pytest.mark.parametrize(
    "data, told",
    [
        ({}, "text: Field required."),
        ({"text": "a", "top": 50}, "top: Input should be less than or equal to 10."),
        ([1], "the input: Input should be a valid dictionary or instance of Input."),
        (
            {"text": "", "top": "x", "mode": "slow\n"},
            "text: String should have at least 1 character; top: Input should be a valid integer, unable to parse string "
            "as an integer; mode: Input should be 'fast' or 'good'.",
        ),
    ],
)
def test_what_is_wrong_is_one_line_that_names_the_field(data, told):
    with pytest.raises(BadRequest) as caught:
        validated(Input, data)
    assert str(caught.value) == told


def test_of_many_mistakes_the_first_are_told():
    class Listed(BaseModel):
        items: list[int]

    with pytest.raises(BadRequest, match=r"items\.0: .*items\.2: .*; and 7 more\.$"):
        validated(Listed, {"items": ["x"] * 10})


def test_another_librarys_error_is_told_as_it_is():
    assert described(ValueError("not\n this")) == "not this"
