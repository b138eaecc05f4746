"""A handler's file as an OpenAPI document."""

import json

import pytest
from openapi_spec_validator import validate

from model_packaging.errors import HandlerError, InvalidModel
from model_packaging.hosts.codecs import CODECS, JSON
from model_packaging.hosts.handler import Handler
from model_packaging.serving.openapi import ERROR, Contract, document

TYPED = '''"""Counts words."""
from pydantic import BaseModel, Field

class Span(BaseModel):
    start: int = 0

class Input(BaseModel):
    text: str = Field(max_length=100)
    spans: list[Span] = []

class Output(BaseModel):
    words: int
    spans: list[Span] = []

def predict_fn(data, model):
    return {"words": len(data["text"].split())}
'''


@pytest.fixture
def contract(tmp_path):
    """The contract of a handler's text, and of the example beside it."""

    def of(text, sample=None):
        (tmp_path / "inference.py").write_text(text)
        return Contract.of("counter", Handler.load(tmp_path), sample)

    return of


def post(made):
    return made["paths"]["/invocations"]["post"]


def test_it_is_a_valid_document_with_the_handlers_own_models(contract):
    made = document(contract(TYPED, b'{"text": "two words"}'))
    validate(made)
    assert made["info"] == {"title": "counter", "version": "1", "description": "Counts words."}
    taken = post(made)["requestBody"]["content"][JSON]
    assert taken == {"schema": {"$ref": "#/components/schemas/Input"}, "example": {"text": "two words"}}
    given = post(made)["responses"]["200"]["content"][JSON]
    assert given == {"schema": {"$ref": "#/components/schemas/Output"}}
    schemas = made["components"]["schemas"]
    assert list(schemas) == ["Error", "Input.Span", "Input", "Output.Span", "Output"]
    assert schemas["Input"]["properties"]["text"]["maxLength"] == 100
    assert schemas["Input"]["required"] == ["text"]
    assert schemas["Output"]["properties"]["spans"]["items"] == {"$ref": "#/components/schemas/Output.Span"}


def test_without_models_and_example_it_takes_and_gives_anything(contract):
    made = document(contract("def predict_fn(data, model):\n    return data\n"))
    validate(made)
    assert post(made)["requestBody"]["content"][JSON] == {"schema": {}}
    assert made["components"]["schemas"] == {"Error": ERROR}


def test_bodies_are_those_of_the_codecs(contract):
    made = document(contract(TYPED))
    assert list(post(made)["requestBody"]["content"]) == list(CODECS)
    assert list(post(made)["responses"]["200"]["content"]) == list(CODECS)


def test_a_handler_that_streams_says_so(contract):
    made = document(contract(f"{TYPED}\ndef stream_fn(data, model):\n    yield 'a'\n"))
    validate(made)
    assert "text/event-stream" in post(made)["responses"]["200"]["content"]


def test_every_refusal_has_its_status_and_the_shape_of_an_error(contract):
    refused = {
        code: told for code, told in post(document(contract(TYPED)))["responses"].items() if code != "200"
    }
    assert {"400", "406", "415", "500"} <= set(refused)
    for told in refused.values():
        assert told["description"]
        assert told["content"] == {JSON: {"schema": {"$ref": "#/components/schemas/Error"}}}


def test_null_is_an_example_too(contract):
    made = document(contract(TYPED, b"null"))
    assert post(made)["requestBody"]["content"][JSON]["example"] is None


def test_an_example_that_is_no_json_is_told(contract):
    with pytest.raises(
        InvalidModel, match=r"counter/sample\.json is no example request\. The body is not JSON"
    ):
        contract(TYPED, b"{")


def test_a_model_without_a_schema_is_told_in_one_line(contract):
    text = (
        "from pydantic import BaseModel, ConfigDict\n"
        "class Thing: pass\n"
        "class Input(BaseModel):\n"
        "    model_config = ConfigDict(arbitrary_types_allowed=True)\n"
        "    thing: Thing\n"
        "def predict_fn(data, model): return data\n"
    )
    with pytest.raises(HandlerError, match=r"^inference\.py: Input has no JSON schema: [^\n]+$"):
        document(contract(text))


def test_it_is_plain_data(contract):
    made = document(contract(TYPED, b"1"))
    assert json.loads(json.dumps(made)) == made
