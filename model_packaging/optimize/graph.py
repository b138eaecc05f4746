"""ONNX graphs on disk: what they hold, one of them as plain data, and their nodes that can be quantised.

The one place with `onnx`, beside `fusion` and `embedding`, which rewrite graphs.
"""

import hashlib
import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_packaging.errors import InvalidModel

if TYPE_CHECKING:
    import onnx

IR_VERSION = 8
"""Read by ONNX Runtime 1.16.3, the last for the glibc of Lambda's python3.11."""
NEWEST = {"": 19, "ai.onnx": 19, "ai.onnx.ml": 3, "com.microsoft": 1}
"""The operator sets that it knows: 'ONNX Runtime compatibility', 1.16 (ONNX 1.14.1), read November 2026."""

QUANTISED = ("MatMul", "Gemm", "Attention")


def load(file: Path) -> "onnx.ModelProto":
    """The graph of a file; raises `InvalidModel` for what is none, and for weights outside of the file."""
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load(str(file), load_external_data=False)
    except (OSError, DecodeError) as error:
        raise InvalidModel(f"{file} cannot be read as ONNX: {' '.join(str(error).split())}.") from None
    outside = [tensor.name for tensor in model.graph.initializer if tensor.external_data]
    if outside:
        raise InvalidModel(
            f"{file} keeps {outside[0]} in another file; write it as one: onnx.save(onnx.load(FILE), FILE)."
        )
    if not model.graph.node:
        raise InvalidModel(f"{file} is no ONNX file: there is no graph in it.")
    return model


def save(model: "onnx.ModelProto", file: Path) -> None:
    """Write the graph, each node with a name of its own, without what tells of this machine, for the oldest runtime."""
    import onnx

    temporary = file.with_name(f".{file.name}")
    name_nodes(model.graph)
    onnx.save(plain(model), str(temporary))
    temporary.replace(file)


def name_nodes(graph: "onnx.GraphProto") -> int:
    """Name nodes that have no name, or that of an earlier one, in place; returns how many there were.

    ONNX asks for neither. Here nodes are told apart by name, and ONNX Runtime loads no graph with a name twice.
    """
    taken = {node.name for node in graph.node}
    seen = {""}
    renamed = 0
    for number, node in enumerate(graph.node):
        if node.name in seen:
            stem = node.name or node.op_type
            node.name = next(
                name for place in itertools.count(number) if (name := f"{stem}_{place}") not in taken
            )
            taken.add(node.name)
            renamed += 1
        seen.add(node.name)
        for attribute in node.attribute:
            renamed += sum(name_nodes(inner) for inner in (attribute.g, *attribute.graphs))
    return renamed


def plain(model: "onnx.ModelProto") -> "onnx.ModelProto":
    """The same graph: no stack traces (torch's exporter notes one at every node), no operator set that is not used."""
    graph = model.graph
    for part in (
        model,
        graph,
        *graph.node,
        *graph.initializer,
        *graph.value_info,
        *graph.input,
        *graph.output,
    ):
        del part.metadata_props[:]
        part.doc_string = ""
    used = {node.domain for node in graph.node} | {function.domain for function in model.functions} | {""}
    kept: dict[str, Any] = {one.domain: one for one in model.opset_import if one.domain in used}
    ordered = [kept[domain] for domain in sorted(kept)]
    del model.opset_import[:]
    model.opset_import.extend(ordered)
    model.ir_version = min(model.ir_version, IR_VERSION)
    return model


def newer(model: "onnx.ModelProto") -> list[str]:
    """What ONNX Runtime 1.16.3 would refuse in it, one line each."""
    lines = [
        f"operator set {one.domain or 'ai.onnx'} {one.version}, above {NEWEST.get(one.domain, 0)}"
        for one in model.opset_import
        if one.version > NEWEST.get(one.domain, 0)
    ]
    return lines + ([f"IR version {model.ir_version}"] if model.ir_version > IR_VERSION else [])


def sha256(file: Path) -> str:
    """Of a file's bytes."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def quantisable(model: "onnx.ModelProto") -> list[str]:
    """The names of the nodes whose weights can become int8, in the graph's order."""
    constant = {tensor.name for tensor in model.graph.initializer}
    return [
        node.name
        for node in model.graph.node
        if node.op_type in QUANTISED and len(node.input) > 1 and node.input[1] in constant
    ]


def keep_output(model: "onnx.ModelProto", name: str) -> None:
    """Leave one output, and what it needs."""
    replace(model.graph.output, [output for output in model.graph.output if output.name == name])
    drop_unused(model)


def drop_unused(model: "onnx.ModelProto") -> None:
    """Remove the nodes and weights that no output needs."""
    graph = model.graph
    needed = {output.name for output in graph.output}
    kept = []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            kept.append(node)
            needed.update(_inputs(node))
    kept.reverse()
    replace(graph.node, kept)
    replace(graph.initializer, [tensor for tensor in graph.initializer if tensor.name in needed])
    replace(graph.value_info, [value for value in graph.value_info if value.name in needed])


def _inputs(node: "onnx.NodeProto") -> set[str]:
    """What a node reads, with what the graphs inside of it (If, Loop) read from around them."""
    names = set(node.input)
    for attribute in node.attribute:
        for inner in (attribute.g, *attribute.graphs):
            names.update(name for one in inner.node for name in _inputs(one))
            names.update(output.name for output in inner.output)
    return names


def replace(field: Any, values: Iterable[Any]) -> None:
    """Put `values` into a repeated field of protobuf, which may hold some of them already."""
    copies = [type(value).FromString(value.SerializeToString()) for value in values]
    del field[:]
    field.extend(copies)
