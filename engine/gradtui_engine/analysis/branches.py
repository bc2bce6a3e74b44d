"""What a Transformer's blocks did: to the gradient (skip, attention, MLP), and to tokens (entropy, rank collapse)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..cells.residual_blocks import RESIDUALS
from ..cells.table import OPERATIONS
from ..cells.transformer import MIDDLE
from ..core.numerics import Array, norms, ratio
from ..program.bound import Node, Workspace
from ..program.slots import ATTENTION, Slot, Span

if TYPE_CHECKING:
    from ..run.trace import Trace


def shares(trace: Trace) -> list[dict[str, Array]] | None:
    """Of each block the addends of ∂L/∂h before it, (tokens, batch, width) each: what came along the skips alone, what
    through the attention, and what through the MLP and then along the attention's skip. None without skips.

    The skips are followed by the very operations of the backward pass (which are linear in the gradient); the rest of a
    sum is the branch.
    """
    program = trace.program
    if not RESIDUALS[trace.resolved.residual].joins:
        return None
    workspace, addends = Workspace(), []
    for block in range(1, len(program.stages)):
        before, after, middle = program.stages[block - 1], program.stages[block], Slot(MIDDLE, block).name
        along_both = _along_skip(trace, middle, after, trace.gradients[after], workspace)
        skip = _along_skip(trace, before, middle, along_both, workspace)
        through = _along_skip(trace, before, middle, trace.gradients[middle], workspace)
        addends.append(
            {"skip": skip, "attention": trace.gradients[before] - through, "mlp": through - skip}
        )  # fmt: skip
    return addends


def parts_without_skips(trace: Trace, known: Mapping[str, float]) -> list[dict[str, float]]:
    """The two factors of each block, whose product is the whole."""
    middles = norms(trace.gradients[Slot(MIDDLE, Span()).name])
    stages = [known[name] for name in trace.program.stages]
    return [
        {"attention": ratio(before, middle), "mlp": ratio(middle, after)}
        for before, middle, after in zip(stages, middles, stages[1:], strict=False)
    ]


def _along_skip(trace: Trace, first: str, last: str, gradient: Array, workspace: Workspace) -> Array:
    """A gradient at one slot of the stream pulled back to an earlier one, along the skip and the norms on it."""
    program = trace.program
    while last != first:
        instruction = program.instructions[program.writers[last]]
        nowhere = {name: np.empty_like(trace.parameters[name]) for name in instruction.parameters}
        node = Node(instruction, trace.values, {last: gradient}, trace.parameters, nowhere, trace.target, workspace)
        wanted = [np.empty_like(trace.values[name]) for name in instruction.inputs]
        node.input_gradients = [*wanted]
        OPERATIONS[instruction.operation].backward(node)
        # Of a join the skip is the second input, behind the branch and before a gate; a norm reads one alone.
        place = min(1, len(wanted) - 1)
        last, gradient = instruction.inputs[place], wanted[place]
    return gradient


def entropies(trace: Trace) -> Array:
    """The entropy of attention in nats, (blocks, heads): −Σ_j A_ij ln A_ij, its mean over tokens i and the batch.

    ln T where every token attends to all T alike, 0 where to one.
    """
    return np.array([entropy(weights) for weights in trace.values[Slot(ATTENTION, Span()).name]])


def entropy(weights: Array) -> Array:
    """That of one block, (heads,), of its weights, (heads, tokens, batch, tokens)."""
    logs = np.log(np.where(weights > 0, weights, 1))
    return np.asarray(-np.einsum("htbs,htbs->h", weights, logs) / (weights.shape[1] * weights.shape[2]))


@dataclass(frozen=True, slots=True)
class Tokens:
    """Of a stage the entropy of its block's attention, over the heads (None of the embedded tokens), and how alike the
    tokens are (None of a single one).
    """

    entropy: float | None
    similarity: float | None


def of_tokens(trace: Trace) -> list[Tokens]:
    """What each stage has of them; NumPy's warnings must be off."""
    stages = trace.program.stages
    means = [None, *entropies(trace).mean(axis=1).tolist()]
    return [Tokens(mean, similarity(trace.values[name])) for mean, name in zip(means, stages, strict=True)]


def similarity(state: Array) -> float | None:
    """The mean cosine between two different tokens of a sample, over pairs and samples; (tokens, batch, width).

    None of a single token, 1 is rank collapse (Dong et al. 2021). A token that is 0 has the cosine 0 with each.
    """
    tokens, batch, _ = state.shape
    if tokens == 1:
        return None
    largest = np.abs(state).max(axis=-1, keepdims=True)
    scaled = np.divide(state, largest, out=np.zeros_like(state), where=largest > 0)
    length = np.sqrt(np.einsum("tbu,tbu->tb", scaled, scaled))[..., None]
    unit = np.divide(scaled, length, out=scaled, where=length > 0)
    total = unit.sum(axis=0)
    own = float(np.einsum("tbu,tbu->", unit, unit))
    every = float(np.einsum("bu,bu->", total, total))
    pairs: int = batch * tokens * (tokens - 1)
    return (every - own) / pairs
