"""What is known of every recorded step, as columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..core.numerics import Array


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a module: the `call`-th in its step, from 0."""

    module: str
    call: int = 0


@dataclass(frozen=True, eq=False, slots=True)
class Sequences:
    """The gradients over time of a recurrent module, exact; one LayerSequence for each layer and direction.

    lengths are the T of each event (0 where it has none), check the relative difference of ∂L/∂W_hh to the real one
    (NaN where it was not compared), samples how many of the batch were looked at: (count,).
    """

    layers: tuple[LayerSequence, ...]
    lengths: Array
    check: Array
    samples: Array


@dataclass(frozen=True, eq=False, slots=True)
class LayerSequence:
    """One layer in one direction. h: ‖∂L/∂h_t‖ for t = 0 … T, (count, T+1); c the same of ∂L/∂c_t, None of a module
    without cell states. gates: a gate's mean at t = 1 … T by its letter, (count, T). Behind an event's T stands NaN.
    """

    layer: int
    reverse: bool
    h: Array
    c: Array | None
    gates: Mapping[str, Array]


@dataclass(frozen=True, eq=False, slots=True)
class Columns:
    """Every recorded step ("event"), read-only; NaN for what is not known. count is that of the events.

    - steps: int, the optimizer's steps before it; times (seconds since 1970), dt and own (seconds), loss,
      gradient_before and gradient_after (norms of all gradients, after backward and as the optimizer gets them), scale
      (of GradScaler), microbatches: (count,). skipped, stale: bool (count,); half: "float16", "bfloat16" or "".
    - stepped: bool (count, optimizers), those that stepped; learning_rates (count, groups); inputs: mean, rms, min, max
      of the model's input, (count,).
    - activations: by the names of A_COLUMNS, (count, calls), in the order of `Recording.calls`; parameters: by those of
      P_COLUMNS, (count, parameters).
    - A number that *is* "not a number" stands as NaN like one that is not known; what tells them apart is `is_nan`
      ("loss", "gradient_before", "gradient_after": (count,)), `activations_nan` and `parameters_nan`, bool, by the
      names of their columns.
    - every_loss: (steps, losses) of every single step of which it is known, between the events too, ascending.
    """

    steps: Array
    times: Array
    dt: Array
    own: Array
    loss: Array
    gradient_before: Array
    gradient_after: Array
    scale: Array
    microbatches: Array
    skipped: Array
    stale: Array
    half: Array
    stepped: Array
    learning_rates: Array
    inputs: Mapping[str, Array]
    activations: Mapping[str, Array]
    parameters: Mapping[str, Array]
    is_nan: Mapping[str, Array]
    activations_nan: Mapping[str, Array]
    parameters_nan: Mapping[str, Array]
    every_loss: tuple[Array, Array]
