"""An ONNX graph that is being rewritten: who writes a value, who reads it, which are constant.

Not the graph of `nodes`: that one is read while a quantized file becomes a Model; this one stays
ONNX, because onnxruntime has to run every state of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from msfcnn.frontend import DEFAULT_DOMAINS, attribute, set_attributes

__all__ = ["DEFAULT_DOMAINS", "EditedGraph", "attribute", "kind_of", "label", "set_attributes"]


class EditedGraph:
    """A model under rewriting. Constants are initializers; no node of kind Constant is left.

    The only mutable state of a preparation: every pass changes it in place. Nodes have to be in
    the order of execution (ONNX IR, section Graphs), and passes keep them so. Producers and
    readers are searched for anew each time: an index would have to follow every change.
    """

    def __init__(self, model: onnx.ModelProto) -> None:
        self.model = model
        self.graph = model.graph
        self._names = {n for node in self.graph.node for n in (*node.input, *node.output)}
        self._names |= {v.name for v in (*self.graph.input, *self.graph.initializer)}
        self._constants: dict[str, NDArray[Any]] = {}
        for tensor in self.graph.initializer:
            self._constants[tensor.name] = numpy_helper.to_array(tensor)

    @property
    def nodes(self) -> Sequence[onnx.NodeProto]:
        """The nodes in their order now; changing the graph does not change this list."""
        return list(self.graph.node)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the graph outputs."""
        return tuple(value.name for value in self.graph.output)

    @property
    def opset(self) -> int:
        """The version of the ONNX operators."""
        versions = (o.version for o in self.model.opset_import if o.domain in DEFAULT_DOMAINS)
        return int(max(versions))

    def constant(self, node: onnx.NodeProto, index: int) -> NDArray[Any] | None:
        """The value of an input of a node, None if it is left out or no constant.

        Never to be changed in place: other nodes may read it. `add_constant` makes a new one.
        """
        name = node.input[index] if index < len(node.input) else ""
        return self._constants.get(name)

    def is_constant(self, name: str) -> bool:
        """Whether a value is an initializer."""
        return name in self._constants

    def producer(self, name: str) -> onnx.NodeProto | None:
        """The node that writes a value."""
        return next((n for n in self.graph.node if name in n.output), None)

    def readers(self, name: str) -> list[onnx.NodeProto]:
        """The nodes that read a value."""
        return [n for n in self.graph.node if name in n.input]

    def lone_reader(self, name: str) -> onnx.NodeProto | None:
        """The only node that reads a value; None if there are more or it is a graph output."""
        found = self.readers(name)
        return found[0] if len(found) == 1 and name not in self.outputs else None

    def add_constant(self, hint: str, values: NDArray[Any]) -> str:
        """A new initializer; returns its name."""
        name = self.new_name(hint)
        array = np.array(values, order="C")  # ascontiguousarray would make a list of a scalar
        self.graph.initializer.append(numpy_helper.from_array(array, name))
        self._constants[name] = array
        return name

    def new_name(self, hint: str) -> str:
        """A name that no value has yet."""
        name, count = hint, 1
        while name in self._names:
            count += 1
            name = f"{hint}_{count}"
        self._names.add(name)
        return name

    def insert_after(self, node: onnx.NodeProto, *new: onnx.NodeProto) -> None:
        """Put nodes right behind another."""
        self._splice(self._index(node) + 1, new)

    def insert_before(self, node: onnx.NodeProto, *new: onnx.NodeProto) -> None:
        """Put nodes right before another."""
        self._splice(self._index(node), new)

    def remove(self, node: onnx.NodeProto) -> None:
        """Take a node out; who read it must read something else already."""
        self.graph.node.remove(node)

    def bypass(self, node: onnx.NodeProto, source: str | None = None) -> None:
        """Take a node out and give its readers what it reads. A graph output keeps its name.

        source: the input that they get; the first one if it is not given. The node stays where its
        output is one of the graph's and nobody could write it instead.
        """
        source, result = source or node.input[0], node.output[0]
        if result not in self.outputs:
            self.remove(node)
            self.redirect(result, source)
            return
        origin = self.producer(source)
        if origin is None or source in self.outputs:
            return  # it joins an input, a constant or another output to this output
        self.remove(node)
        self.redirect(source, result)
        origin.output[list(origin.output).index(source)] = result

    def redirect(self, old: str, new: str) -> None:
        """Let all readers of one value read another."""
        for node in self.graph.node:
            for index, name in enumerate(node.input):
                if name == old:
                    node.input[index] = new

    def drop_unused(self) -> None:
        """Remove nodes and initializers that no output depends on.

        Once from the end to the begin is enough, because nodes are in the order of execution.
        """
        needed = set(self.outputs)
        kept: list[onnx.NodeProto] = []
        for node in reversed(self.graph.node):
            if needed & set(node.output) - {""}:
                needed |= set(node.input) | set(_outer_names(node))
                kept.append(node)
        del self.graph.node[:]
        self.graph.node.extend(reversed(kept))
        stored = [t for t in self.graph.initializer if t.name in needed]
        del self.graph.initializer[:]
        self.graph.initializer.extend(stored)
        self._constants = {t.name: self._constants[t.name] for t in stored}

    def _index(self, node: onnx.NodeProto) -> int:
        return next(i for i, n in enumerate(self.graph.node) if n is node or n == node)

    def _splice(self, index: int, new: Iterable[onnx.NodeProto]) -> None:
        for offset, node in enumerate(new):
            self.graph.node.insert(index + offset, node)


def kind_of(node: onnx.NodeProto) -> str:
    """The operator type, with its domain where that is not ONNX's."""
    if node.domain in DEFAULT_DOMAINS:
        return str(node.op_type)
    return f"{node.domain}::{node.op_type}"


def label(node: onnx.NodeProto) -> str:
    """How Netron shows a node: its name, or what it writes where it has none."""
    return node.name or next((o for o in node.output if o), node.op_type)


def _outer_names(node: onnx.NodeProto) -> list[str]:
    """Values that the subgraphs of a node (If, Loop, Scan) read.

    Names of their own are among them; that keeps a node too many at most.
    """
    names: list[str] = []
    for a in node.attribute:
        for inner in (*([a.g] if a.HasField("g") else []), *a.graphs):
            names += [v.name for v in inner.output]
            for child in inner.node:
                names += [*child.input, *_outer_names(child)]
    return names
