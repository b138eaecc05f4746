"""Self-attention as torch exports it, node by node, to one `Attention` of ONNX Runtime.

    x -> MatMul, Add, Reshape, Transpose (query; key; value) -> MatMul, Mul, Add (mask), Softmax, MatMul -> ...

ONNX Runtime's own optimiser knows the graphs of older exporters and leaves this one as it is. Whether the mask is
the plain one (1 counts, 0 does not) cannot be told from the graph with certainty: whoever fuses has to compare the
answers, padded requests included, and keep the original where they differ.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from model_packaging.optimize import graph

if TYPE_CHECKING:
    import onnx

MASK = "attention_mask"
DOMAIN = "com.microsoft"


@dataclass(frozen=True)
class Projection:
    """x times `weights`, plus `biases`, in `heads` parts."""

    source: str
    weights: Any
    biases: Any
    heads: int


class Fusion:
    """One graph, whose attentions are replaced in place."""

    def __init__(self, model: "onnx.ModelProto") -> None:
        from onnx import numpy_helper

        self.model = model
        self.makers = {name: node for node in model.graph.node for name in node.output}
        self.readers: dict[str, list[Any]] = {}
        for node in model.graph.node:
            for name in node.input:
                self.readers.setdefault(name, []).append(node)
        self.constants = {tensor.name: tensor for tensor in model.graph.initializer}
        self.array = numpy_helper.to_array

    def attend(self) -> int:
        """Replace each attention; returns how many there were. None where the graph has no input for the mask."""
        from onnx import TensorProto, helper

        if MASK not in [given.name for given in self.model.graph.input]:
            return 0
        nodes = self.model.graph.node
        fused = 0
        for softmax in [node for node in nodes if node.op_type == "Softmax"]:
            found = self._parts(softmax)
            if found is None:
                continue
            last, projections = found
            made = self._attention(fused, projections, last.output[0])
            place = list(nodes).index(last)
            del nodes[place]
            nodes.insert(place, made)
            fused += 1
        if fused:
            nodes.insert(
                0, helper.make_node("Cast", [MASK], ["attention_mask_int32"], "mask", to=TensorProto.INT32)
            )
            if DOMAIN not in [one.domain for one in self.model.opset_import]:
                self.model.opset_import.append(helper.make_opsetid(DOMAIN, 1))
            graph.drop_unused(self.model)
        return fused

    def _parts(self, softmax: Any) -> tuple[Any, list[Projection]] | None:
        """The last node of an attention and its three projections; None for what is another use of Softmax."""
        masked = self._maker(softmax.input[0], "Add")
        scaled = masked and self._maker(masked.input[0], "Mul")
        scores = scaled and self._maker(scaled.input[0], "MatMul")
        mixed = self._reader(softmax.output[0], "MatMul")
        turned = mixed and self._reader(mixed.output[0], "Transpose")
        last = turned and self._reader(turned.output[0], "Reshape")
        if not (scores and last):
            return None
        projections = [self._projection(name) for name in (*scores.input[:2], mixed.input[1])]
        first = projections[0]
        if first is None or any(one is None or one.source != first.source for one in projections):
            return None
        scale = self._scalar(scaled.input[1])
        expected = (first.weights.shape[1] / first.heads) ** -0.5 if first.heads else None
        if scale is None or expected is None or abs(scale - expected) > 1e-6:
            return None
        return last, [one for one in projections if one is not None]

    def _projection(self, name: str) -> Projection | None:
        turned = self._maker(name, "Transpose")
        split = turned and self._maker(turned.input[0], "Reshape")
        added = split and self._maker(split.input[0], "Add")
        multiplied = added and self._maker(added.input[0], "MatMul")
        if not multiplied or not {multiplied.input[1], added.input[1]} <= self.constants.keys():
            return None
        weights = self.array(self.constants[multiplied.input[1]])
        biases = self.array(self.constants[added.input[1]])
        return Projection(multiplied.input[0], weights, biases, self._heads(split.input[1], weights.shape[1]))

    def _heads(self, shape: str, width: int) -> int:
        """From the shape that a projection is split into, (items, tokens, heads, size); 0 where that cannot be told."""
        maker = self.makers.get(shape)
        last = maker.input[-1] if maker is not None and maker.op_type == "Concat" else shape
        if last not in self.constants:
            return 0
        size = int(self.array(self.constants[last]).reshape(-1)[-1])
        return width // size if size > 0 and width % size == 0 else 0

    def _attention(self, number: int, projections: list[Projection], output: str) -> Any:
        import numpy as np
        from onnx import helper, numpy_helper

        weights, biases = f"attention_{number}_weights", f"attention_{number}_biases"
        self.model.graph.initializer.extend(
            [
                numpy_helper.from_array(np.concatenate([one.weights for one in projections], 1), weights),
                numpy_helper.from_array(np.concatenate([one.biases for one in projections]), biases),
            ]
        )
        return helper.make_node(
            "Attention",
            [projections[0].source, weights, biases, "attention_mask_int32"],
            [output],
            f"attention_{number}",
            domain=DOMAIN,
            num_heads=projections[0].heads,
        )

    def _maker(self, name: str, kind: str) -> Any:
        node = self.makers.get(name)
        return node if node is not None and node.op_type == kind else None

    def _reader(self, name: str, kind: str) -> Any:
        readers = self.readers.get(name, [])
        return readers[0] if len(readers) == 1 and readers[0].op_type == kind else None

    def _scalar(self, name: str) -> float | None:
        tensor = self.constants.get(name)
        return float(self.array(tensor).reshape(-1)[0]) if tensor is not None else None
