"""A handler's mistakes that its text shows are told before anything is built or paid for."""

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_packaging import signatures
from model_packaging.errors import InvalidModel

PREDICT = "def predict_fn(data, model):\n    return data\n"


@pytest.fixture
def check(tmp_path):
    def checked(source: str | bytes) -> None:
        file = tmp_path / "inference.py"
        file.write_bytes(source if isinstance(source, bytes) else source.encode())
        signatures.check(file, "models/m/inference.py")

    return checked


@pytest.mark.parametrize(
    "source",
    [
        PREDICT,
        "predict_fn = lambda data, model: data\n",
        "from other import predict_fn\n",
        "from other import answer as predict_fn\n",
        "from other import *\n",
        "try:\n    from other import predict_fn\nexcept ImportError:\n"
        + "    def predict_fn(data, model): ...\n",
        "import sys\nif sys.argv:\n    def predict_fn(data, model): ...\nelse:\n    def predict_fn(data): ...\n",
        "import sys\nmatch len(sys.argv):\n    case _:\n        def predict_fn(data, model): ...\n",
        "class Model:\n    def predict(self, data, model): ...\n\npredict_fn = Model().predict\n",
        "globals()['predict_fn'] = print\n",
        "def __getattr__(name): ...\n",
        "import functools\n\n@functools.cache\ndef predict_fn(*anything): ...\n",
        "def predict_fn(*anything): ...\n",
        "def predict_fn(data, model, context=None): ...\n",
        "def predict_fn(data, model, *, top=3): ...\n",
        "def predict_fn(data, model, /): ...\n" + "def model_fn(model_dir, context=None): ...\n",
        "with open('names') as names:\n    def predict_fn(data, model): ...\n",
        b"# -*- coding: latin-1 -*-\n# caf\xe9\n" + PREDICT.encode(),
        "text = '\\d'\n" + PREDICT,
    ],
)
def test_what_a_host_can_call_passes(check, recwarn, source):
    check(source)
    assert not recwarn.list


@pytest.mark.parametrize(
    "source, told",
    [
        ("", "has no predict_fn; write predict_fn(data, model)."),
        ("def predict(data, model): ...\n", "has no predict_fn; write predict_fn(data, model)."),
        (
            "class A:\n    def predict_fn(data, model): ...\n",
            "has no predict_fn; write predict_fn(data, model).",
        ),
        (f"{PREDICT}\ndef model_fn(d:\n", ", line 4, is not Python: '(' was never closed; mend it."),
        ("a = 1\n\tb = 2\n", ", line 2, is not Python: unexpected indent; mend it."),
        (b"a = 'caf\xe9'\n", "is not Python:"),
        (b"a = '\x00'\n", "is not Python:"),
        (
            "async def predict_fn(data, model): ...\n",
            ", line 1: predict_fn is async, and a host calls it in a thread; write def predict_fn.",
        ),
        (
            "def predict_fn(data): ...\n",
            ", line 1: predict_fn(data) is called as predict_fn(data, model); let it take that.",
        ),
        (
            PREDICT + "def input_fn(body): ...\n",
            ", line 3: input_fn(body) is called as input_fn(body, content_type); let it take that.",
        ),
        (
            PREDICT + "def model_fn(): ...\n",
            ", line 3: model_fn() is called as model_fn(model_dir); let it take that.",
        ),
        (
            PREDICT + "def output_fn(prediction, accept, context): ...\n",
            "output_fn(prediction, accept, context) is called as output_fn(prediction, accept); let it take that.",
        ),
        (
            "def predict_fn(data, model, *, top): ...\n",
            "predict_fn(data, model, *, top) is called as predict_fn(data, model); let it take that.",
        ),
    ],
)
def test_what_no_host_can_call_is_refused_in_one_line(check, source, told):
    with pytest.raises(InvalidModel) as caught:
        check(source)
    assert str(caught.value).startswith("models/m/inference.py")
    assert told in str(caught.value) and "\n" not in str(caught.value)


@st.composite
def parameter_lists(draw):
    """The parameters of any function, as Python's own `inspect` has them."""
    kinds = [inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD]
    positional = [*draw(st.lists(st.sampled_from(kinds), max_size=4))]
    positional.sort()
    optional = draw(st.integers(0, len(positional)))
    made = [
        inspect.Parameter(
            f"p{index}", kind, default=0 if index >= len(positional) - optional else inspect._empty
        )
        for index, kind in enumerate(positional)
    ]
    if draw(st.booleans()):
        made.append(inspect.Parameter("rest", inspect.Parameter.VAR_POSITIONAL))
    for index, default in enumerate(draw(st.lists(st.sampled_from([0, inspect._empty]), max_size=2))):
        made.append(inspect.Parameter(f"k{index}", inspect.Parameter.KEYWORD_ONLY, default=default))
    return inspect.Signature(made)


@given(parameter_lists(), st.sampled_from(sorted(signatures.PARAMETERS)))
def test_it_says_of_any_function_what_python_says(tmp_path_factory, signature, name):
    file = tmp_path_factory.getbasetemp() / "inference.py"
    others = "" if name == signatures.REQUIRED else PREDICT
    file.write_text(f"{others}def {name}{signature}: ...\n")
    try:
        signature.bind(*signatures.PARAMETERS[name])
    except TypeError:
        with pytest.raises(InvalidModel, match="is called as"):
            signatures.check(file, "inference.py")
    else:
        signatures.check(file, "inference.py")
