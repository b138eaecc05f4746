"""Matrix products to int8: a scale for each column of the weights, one for the activations, found at each request.

    MatMul(x, W)          -> DynamicQuantizeLinear(x), MatMulInteger, Cast, Mul by the scales
    Attention(x, W, b, m) -> DynamicQuantizeLinear(x), QAttention

What ONNX Runtime's `quantize_dynamic` makes with `per_channel`, with the same agreement on MiniLM. That tool infers
all shapes first, and the sensitive nodes are found by making dozens of graphs.
"""

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from model_packaging.optimize import graph

if TYPE_CHECKING:
    import numpy as np
    import onnx
    from numpy.typing import NDArray

HIGHEST = 127


class Integers:
    """One graph, whose products become integers in place, but for the nodes named in `keep`."""

    def __init__(self, model: "onnx.ModelProto", keep: Collection[str]) -> None:
        self.model = model
        self.keep = keep
        self.constants = {tensor.name: tensor for tensor in model.graph.initializer}
        self.made: set[str] = set()

    def quantise(self) -> None:
        """Replace what `graph.quantisable` names."""
        chosen = set(graph.quantisable(self.model)) - set(self.keep)
        nodes = []
        for node in self.model.graph.node:
            if node.name in chosen and node.op_type in _KINDS and self._is_matrix(node.input[1]):
                nodes += [*self._activation(node.input[0]), *_KINDS[node.op_type](self, node)]
            else:
                nodes.append(node)
        graph.replace(self.model.graph.node, nodes)
        graph.drop_unused(self.model)

    def _is_matrix(self, name: str) -> bool:
        tensor = self.constants[name]
        return len(tensor.dims) == 2 and tensor.data_type == 1

    def _activation(self, name: str) -> Iterator[Any]:
        """The quantised input, made once for all products that read it."""
        from onnx import helper

        if f"{name}_uint8" not in self.made:
            self.made.add(f"{name}_uint8")
            outputs = [f"{name}_uint8", f"{name}_scale", f"{name}_zero"]
            yield helper.make_node("DynamicQuantizeLinear", [name], outputs, f"{name}_quantise")

    def _weights(self, name: str) -> None:
        """int8 weights with a scale for each column; the zero point is 0 for all."""
        import numpy as np
        from onnx import numpy_helper

        if f"{name}_int8" in self.made:
            return
        self.made.add(f"{name}_int8")
        rounded, scales = columns(numpy_helper.to_array(self.constants[name]))
        self.model.graph.initializer.extend(
            [
                numpy_helper.from_array(rounded, f"{name}_int8"),
                numpy_helper.from_array(scales, f"{name}_scales"),
                numpy_helper.from_array(np.zeros(len(scales), np.int8), f"{name}_zeros"),
            ]
        )

    def product(self, node: Any) -> Iterator[Any]:
        """A MatMul."""
        from onnx import TensorProto, helper

        x, w = node.input
        output = node.output[0]
        self._weights(w)
        inputs = [f"{x}_uint8", f"{w}_int8", f"{x}_zero", f"{w}_zeros"]
        yield helper.make_node("MatMulInteger", inputs, [f"{output}_int32"], f"{node.name}_int8")
        yield helper.make_node(
            "Cast", [f"{output}_int32"], [f"{output}_cast"], f"{node.name}_cast", to=TensorProto.FLOAT
        )
        yield helper.make_node(
            "Mul", [f"{x}_scale", f"{w}_scales"], [f"{output}_scale"], f"{node.name}_scale"
        )
        yield helper.make_node("Mul", [f"{output}_cast", f"{output}_scale"], [output], f"{node.name}_scaled")

    def attention(self, node: Any) -> Iterator[Any]:
        """An Attention, with its heads and its mask."""
        from onnx import helper

        x, w, biases, mask = node.input[:4]
        self._weights(w)
        inputs = [
            f"{x}_uint8",
            f"{w}_int8",
            biases,
            f"{x}_scale",
            f"{w}_scales",
            mask,
            f"{x}_zero",
            f"{w}_zeros",
        ]
        made = helper.make_node(
            "QAttention", inputs, list(node.output), f"{node.name}_int8", domain=node.domain
        )
        made.attribute.extend([one for one in node.attribute if one.name in ("num_heads", "unidirectional")])
        yield made


_KINDS = {"MatMul": Integers.product, "Attention": Integers.attention}


def columns(weights: "NDArray[np.float32]") -> "tuple[NDArray[np.int8], NDArray[np.float32]]":
    """(rows, columns) in int8, and the scale of each column."""
    import numpy as np

    scales = np.maximum(np.abs(weights).max(axis=0) / HIGHEST, 1e-12).astype(np.float32)
    rounded = np.clip(np.rint(weights / scales), -HIGHEST, HIGHEST).astype(np.int8)
    return rounded, scales
