"""What to write in the place of what pydantic refused in a declaration: by its word for it, or by the field."""

import difflib
import json
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from typing import Any

from pydantic import BaseModel

from infra import quantities, settings, workloads
from infra.stack import Stack
from model_packaging import Model

Remedy = Callable[[str, Any, Mapping[str, Any]], str]
"""Of a field's name, what was found, and pydantic's numbers."""

_LONGEST = 60

KINDS: Mapping[str, Any] = {
    kind.__name__: kind
    for kind in (
        Stack,
        Model,
        *(getattr(workloads, name) for name in workloads.__all__ if is_dataclass(getattr(workloads, name))),
        *(one for one in vars(settings).values() if isinstance(one, type) and issubclass(one, BaseModel)),
    )
}
"""What can be declared, by name."""

_OF_FIELDS: Mapping[str, Callable[[Any], str]] = {
    "model": lambda found: f"a Model is allowed: write model={_model(found)}",
    "models": lambda found: f"Models are allowed, in a list: write models=[{_model(found)}]",
    "metric": lambda found: (
        f"a Metric is allowed: write metric=Metric({code(found) if isinstance(found, str) else '...'})"
    ),
    "url": lambda _: "a FunctionUrl is allowed: write url=FunctionUrl(), or url=None for none",
    "network": lambda _: (
        "a Network is allowed: write network=Network(subnet_ids=[...], security_group_ids=[...]), or network=False for "
        "none"
    ),
    "alarms": lambda _: "Alarms are allowed: write alarms=Alarms(), or alarms=False for none",
    "rollout": lambda _: (
        "a roll-out is allowed: write rollout=AllAtOnce(), Canary(), Linear() or Rolling(), or rollout=False for none"
    ),
    "data_capture": lambda _: (
        "a DataCapture is allowed: write data_capture=DataCapture(), or data_capture=False for none"
    ),
    "autoscaling": lambda _: (
        "a policy is allowed, or several: write autoscaling=TargetTracking(max_capacity=..., ...), StepScaling(...) or "
        "ScheduledScaling(...)"
    ),
    "steps": lambda _: "Steps are allowed, in a list: write steps=[Step(1, lower=0)]",
}
"""Fields that take one of our own classes."""

_TYPES = frozenset({"dataclass_type", "model_type", "model_attributes_type", "is_instance_of", "tuple_type"})
"""pydantic's words for what is of another class."""


def _number(field: str, _found: Any, _of: Mapping[str, Any]) -> str:
    return f"only a number is allowed: write {field}=N"


def _whole(field: str, _found: Any, _of: Mapping[str, Any]) -> str:
    return f"only a whole number is allowed: write {field}=N"


def _truth(field: str, _found: Any, _of: Mapping[str, Any]) -> str:
    return f"allowed are True and False: write {field}= one of them"


_OF_WORDS: Mapping[str, Remedy] = {
    "greater_than_equal": lambda field, _, of: (
        f"at least {of['ge']} is allowed: write {field}={of['ge']} or more"
    ),
    "less_than_equal": lambda field, _, of: (
        f"at most {of['le']} is allowed: write {field}={of['le']} or less"
    ),
    "greater_than": lambda field, _, of: (
        f"only what is above {of['gt']:g} is allowed: write a larger {field}"
    ),
    "literal_error": lambda field, _, of: f"allowed are {of['expected']}: write {field}= one of them",
    "sequence_str": lambda field, found, _: f"several are allowed, in a list: write {field}=[{code(found)}]",
    "is_instance_of": lambda field, found, _: (
        f"several are allowed, in a list: write {field}=[{code(found)}]"
    ),
    "tuple_type": lambda field, found, _: f"several are allowed, in a tuple: write {field}=({code(found)},)",
    "too_short": lambda field, _, of: f"at least {of['min_length']} is needed: write {field}=[...]",
    "string_type": lambda field, found, _: (
        f"only text is allowed: write {code(str(found)) if '.' in field else f'{field}=...'}"
    ),
    "path_type": lambda field, _, _of: f'only the path of a folder is allowed: write {field}="..."',
    "dict_type": lambda field, _, _of: f'a dict is allowed: write {field}={{"NAME": "value"}}',
    quantities.BOOL: _number,
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), _whole),
    **dict.fromkeys(("float_type", "float_parsing"), _number),
    **dict.fromkeys(("bool_type", "bool_parsing"), _truth),
}
"""By pydantic's word for the mistake."""


def remedy(field: str, word: str, found: Any, of: Mapping[str, Any]) -> str | None:
    """What is allowed and what to write, where it is known."""
    if word in _TYPES and field.partition(".")[0] in _OF_FIELDS:
        return _OF_FIELDS[field.partition(".")[0]](found)
    return _OF_WORDS[word](field, found, of) if word in _OF_WORDS else None


def union(field: str, found: Any) -> str | None:
    """The same of a field that takes one of several classes: pydantic has a mistake for each that it is none of."""
    return _OF_FIELDS[field](found) if field in _OF_FIELDS else None


def near(title: str, field: str) -> str | None:
    """The field of class `title` that somebody meant who wrote `field`."""
    return next(iter(difflib.get_close_matches(field, fields(title), n=1, cutoff=0.7)), None)


def fields(title: str) -> list[str]:
    """The fields of a class by its name, in their order."""
    return list(getattr(KINDS.get(title), "__pydantic_fields__", ()))


def code(found: Any) -> str:
    """A value as it is written in Python; a long one by its class."""
    text = json.dumps(found, ensure_ascii=False) if isinstance(found, str) else repr(found)
    return text if len(text) <= _LONGEST else f"{type(found).__name__}(...)"


def _model(found: Any) -> str:
    if isinstance(found, Model):
        return code(found)
    return f"Model({code(found) if isinstance(found, str) else '...'}, framework=...)"
