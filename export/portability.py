"""Will a stock TensorFlow run this graph? Checked on the saved file, before it is published."""

from collections.abc import Iterable
from pathlib import Path

from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.kernel_def_pb2 import KernelDef
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

# No public function lists kernels or the defaults of an op's attributes.
from tensorflow.python.framework.kernels import get_registered_kernels_for_op
from tensorflow.python.framework.op_def_registry import get as get_op_definition

_NEEDS_PYTHON = {"EagerPyFunc", "PyFunc", "PyFuncStateless"}


def read_graph(saved_model: Path) -> GraphDef:
    """The graph of a SavedModel, with the library of the functions it calls."""
    contents = SavedModel.FromString((saved_model / "saved_model.pb").read_bytes())
    return contents.meta_graphs[0].graph_def  # TensorFlow 2 writes exactly one


def check_portable(saved_model: Path) -> None:
    """Refuse a graph that a stock TensorFlow on a machine without a GPU could not run.

    Such are XLA's own ops and functions that must be compiled by XLA (TensorFlow Serving as
    shipped runs neither), ops that call back into Python, and ops without a CPU kernel. An op
    without a GPU kernel is no obstacle: a server with a GPU places it on the CPU.

    Raises:
        ValueError: Naming each such op and the node it was found in.
    """
    graph = read_graph(saved_model)
    functions = graph.library.function
    nodes = [*graph.node, *(node for function in functions for node in function.node_def)]
    faults = [
        f"function {function.signature.name!r} must be compiled by XLA (jit_compile=True)"
        for function in functions
        if function.attr["_XlaMustCompile"].b
    ]
    faults += [
        f"{node.op} (node {node.name!r}) is an op of XLA"
        for node in nodes
        if node.op.startswith("Xla")
    ]
    faults += [
        f"{node.op} (node {node.name!r}) calls Python, which a server does not have"
        for node in nodes
        if node.op in _NEEDS_PYTHON
    ]
    faults += [
        f"{node.op} (node {node.name!r}) has no CPU kernel"
        for node in nodes_without_kernel(nodes, device="CPU")
    ]
    if faults:
        raise ValueError(
            "this model cannot be served by a stock TensorFlow:\n  " + "\n  ".join(faults)
        )


def nodes_without_kernel(nodes: Iterable[NodeDef], device: str) -> list[NodeDef]:
    """Those nodes for which this TensorFlow has neither a kernel of `device` nor a default one.

    Args:
        nodes: Nodes of a graph or of its function library.
        device: "CPU" or "GPU". Builds of TensorFlow without CUDA know no kernel of "GPU".
    """
    return [node for node in nodes if not _has_kernel(node, {device, "DEFAULT"})]


def _has_kernel(node: NodeDef, devices: set[str]) -> bool:
    kernels = get_registered_kernels_for_op(node.op).kernel
    return any(kernel.device_type in devices and _takes(kernel, node) for kernel in kernels)


def _takes(kernel: KernelDef, node: NodeDef) -> bool:
    """Whether the node's types are among those that the kernel is registered for."""
    defaults = {attribute.name: attribute for attribute in get_op_definition(node.op).attr}
    for constraint in kernel.constraint:
        # A SavedModel leaves out attributes that have their default value.
        if constraint.name in node.attr:
            value = node.attr[constraint.name]
        else:
            value = defaults[constraint.name].default_value
        types = value.list.type or [value.type]
        if not set(types) <= set(constraint.allowed_values.list.type):
            return False
    return True
