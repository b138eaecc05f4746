"""Embedding tables to int8: a scale of its own for each row, so that a rare word with small numbers keeps them.

ONNX Runtime's dynamic quantisation has one scale for the whole table. Standard operators only:

    Gather(int8 table, ids) -> Cast -> Mul by Gather(scales, ids)
"""

from typing import TYPE_CHECKING, Any

from model_packaging.optimize import graph

if TYPE_CHECKING:
    import onnx

SMALLEST = 1 << 16
"""Tables of fewer numbers stay as they are: there is nothing to win."""


def shrink(model: "onnx.ModelProto") -> int:
    """Replace the tables in place; returns how many there were."""
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    nodes: list[Any] = []
    done: set[str] = set()
    for node in model.graph.node:
        table = constants.get(node.input[0]) if node.op_type == "Gather" else None
        if (
            table is None
            or not _is_table(table)
            or any(one.name == "axis" and one.i for one in node.attribute)
        ):
            nodes.append(node)
            continue
        name, output = table.name, node.output[0]
        if name not in done:
            values = numpy_helper.to_array(table)
            scales = np.maximum(np.abs(values).max(axis=1, keepdims=True) / 127, 1e-12).astype(np.float32)
            rounded = np.clip(np.rint(values / scales), -127, 127).astype(np.int8)
            model.graph.initializer.extend(
                [
                    numpy_helper.from_array(rounded, f"{name}_int8"),
                    numpy_helper.from_array(scales, f"{name}_scales"),
                ]
            )
            done.add(name)
        nodes += [
            helper.make_node(
                "Gather", [f"{name}_int8", node.input[1]], [f"{output}_int8"], f"{node.name}_int8"
            ),
            helper.make_node(
                "Gather", [f"{name}_scales", node.input[1]], [f"{output}_scale"], f"{node.name}_scale"
            ),
            helper.make_node(
                "Cast", [f"{output}_int8"], [f"{output}_cast"], f"{node.name}_cast", to=TensorProto.FLOAT
            ),
            helper.make_node("Mul", [f"{output}_cast", f"{output}_scale"], [output], f"{node.name}_scaled"),
        ]
    if done:
        graph.replace(model.graph.node, nodes)
        graph.drop_unused(model)
    return len(done)


def _is_table(tensor: Any) -> bool:
    from onnx import TensorProto

    return (
        tensor.data_type == TensorProto.FLOAT
        and len(tensor.dims) == 2
        and tensor.dims[0] * tensor.dims[1] >= SMALLEST
    )
