"""What can be wrong with a graph, in words: first PyTorch's sentence, then the place, then the way out."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from .errors import FreedGraphError, GradientWarning, GraphError, InplaceError
from .graph import Node, TensorBase, call_site, line_of, next_number
from .modes import state


def version_error(node: Node, storage: Any, expected: int) -> InplaceError:
    """The error for a saved value that was written before backward used it."""
    saver = f"{node.op.name.lstrip('_') if node.op is not None else node.name()}"
    at = f" at {node.line}" if node.line else ""
    writer = ""
    if storage.writer is not None:
        name, code, offset = storage.writer
        writer = f", changed by `{name}` at {line_of(code, offset)}"
    return InplaceError(
        "one of the variables needed for gradient computation has been modified by an inplace operation: "
        f"a value saved by `{saver}`{at}{writer} is at version {storage.version}; expected version {expected} "
        "instead. Write a new tensor there (`x = x + 1` in place of `x += 1`), or change a `clone()`."
        + (f"\nThe forward call that saved it:\n{node.trace}" if node.trace else "")
    )


def freed_error(node: Node, roots: Sequence[tuple[Node, Any]]) -> FreedGraphError:
    """The error for a second pass, with the case it is and the cure for that case."""
    first: Any = getattr(node, "freed_by", None)
    here = call_site(3)
    text = (
        "Trying to backward through the graph a second time (or directly access saved tensors after they have "
        f"already been freed). `{node.op.name.lstrip('_') if node.op is not None else node.name()}`"
    )
    text += f" at {node.line}" if node.line else ""
    if first is None:
        return FreedGraphError(text + " was freed. Run the forward pass again.")
    line = line_of(first.code, first.offset)
    text += f" was freed by the backward pass at {line}. "
    if any(root.number == first.root for root, _ in roots):
        cure = "The same result was differentiated before: run the forward pass again before each backward()."
    elif (first.code, first.offset) == here:
        cure = "The graph reaches into an earlier iteration: detach what is carried over, `state = state.detach()`."
    else:
        cure = "Two losses share this part: add them and call backward() once, `(loss_1 + loss_2).backward()`."
    return FreedGraphError(
        text + cure + " Specify retain_graph=True only if you need to backward through the same graph twice."
    )


_retained: dict[tuple[Any, int], tuple[Any, int, int]] = {}  # line → numbers of the nodes visited, time, times grown


def warn_of_growth(root: Node, visited: Sequence[Node], site: tuple[Any, int]) -> None:
    """Warn when backward(retain_graph=True) on one line walks ever more of a graph that is still being built."""
    before, time, grown = _retained.get(site, ((), 0, 0))
    numbers = np.fromiter((node.number for node in visited), np.int64, len(visited))
    old = numbers[numbers < time]
    reaches_back = len(before) < len(numbers) and root.number > time and len(old) and np.isin(old, before).all()
    grown = grown + 1 if reaches_back else 0
    _retained[site] = (numbers, next_number(), grown)
    if grown == 2:
        warnings.warn(
            f"backward(retain_graph=True) at {line_of(*site)} walks a graph that grows from call to call, by now "
            f"{len(visited)} nodes: it reaches into earlier iterations, which costs ever more time and memory. Detach "
            "what is carried over, `state = state.detach()`, and leave retain_graph out.",
            GradientWarning,
            stacklevel=5,
        )


def no_graph_error(tensor: TensorBase, index: int = 0) -> GraphError:
    """The error for a root without a graph, with the place where the path of gradients ended."""
    text = f"element {index} of tensors does not require grad and does not have a grad_fn. "
    if tensor._cut is None:
        cure = "No tensor with requires_grad=True went into it; give it to the parameters, not to the loss."
        if state.left is not None:
            name, code, offset = state.left
            cure += f" The last value that left a graph did so through .{name}() at {line_of(code, offset)}."
    else:
        name, code, offset = tensor._cut
        line = line_of(code, offset)
        cure = {
            "no_grad": f"It was made under no_grad() at {line}: compute the loss outside.",
            "detach": f"It was cut off by detach() at {line}.",
        }.get(name, f"`{name}` at {line} is not differentiable, so no gradient passes it.")
    return GraphError(text + cure)


def unused_error(i: int, tensor: Any) -> GraphError:
    """The error for an input of `grad`, a tensor or an edge, that the outputs do not depend on."""
    name = f" ({tensor._name!r})" if getattr(tensor, "_name", None) else ""
    return GraphError(
        f"The differentiated Tensor at index {i}{name} appears to not have been used in the graph. Set "
        f"allow_unused=True if this is the desired behavior. It has shape {tuple(tensor._node.shape)}."
    )
