"""The end of an iteration: what clipping and the optimiser make of the gradients."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..core.nested import copied
from ..core.numerics import Array, norm, ratio
from ..rules import rounded_clipping
from ..rules.clipping import CLIPPINGS
from ..rules.optimisers import OPTIMISERS, Chain, Settings
from ..rules.rounded_optimisers import RoundedChain
from .layer_rates import rates_of

if TYPE_CHECKING:
    from ..experiment.resolved import Resolved
    from .moment import Moment


def chain_of(resolved: Resolved) -> Chain | RoundedChain:
    """The optimiser of an experiment."""
    settings = Settings(resolved.momentum, resolved.weight_decay)
    chain = OPTIMISERS[resolved.optimizer].build(settings)
    rounding = resolved.number_type.round
    if not resolved.rounds_weights or rounding is None:
        return chain
    return RoundedChain(chain, resolved.optimizer, settings, rounding)


def clipped(
    resolved: Resolved, gradients: Mapping[str, Array], parameters: Mapping[str, Array],
    out: Mapping[str, Array] | None,
) -> dict[str, Array]:  # fmt: skip
    """The gradients that the optimiser gets; written to `out` where they differ, as `Clipping.clip` does.
    Those of 16-bit weights have 16 bits, a norm's too: new arrays, or `out`, which must hold rounded ones.
    """
    threshold, rounding = resolved.clip_threshold or 0.0, resolved.number_type.round
    if resolved.rounds_weights and rounding is not None:
        if out is None:
            gradients = {name: resolved.number_type.cast(gradient) for name, gradient in gradients.items()}
        return rounded_clipping.clip(resolved.clip, gradients, parameters, threshold, out, rounding)
    return CLIPPINGS[resolved.clip].clip(gradients, parameters, threshold, out)


@dataclass(frozen=True, eq=False)
class Update:
    """By parameter name; worked out when it is first asked for, once for a trace and all of its stages.

    Without a moment the optimiser is fresh; a moment's state is left as it is.
    """

    resolved: Resolved
    parameters: Mapping[str, Array]
    gradients: Mapping[str, Array]
    moment: Moment | None = None

    @functools.cached_property
    def clipped(self) -> dict[str, Array]:
        """The gradients that the optimiser gets: the clipped ones, or the very gradients."""
        with np.errstate(all="ignore"):
            return clipped(self.resolved, self.gradients, self.parameters, None)

    @functools.cached_property
    def rates(self) -> float | dict[str, float]:
        """η, or each parameter's by name, where a layer has its own."""
        return rates_of(self.resolved, self.parameters)

    def rate(self, name: str) -> float:
        """The learning rate of one parameter."""
        rates = self.rates
        return rates[name] if isinstance(rates, dict) else rates

    @functools.cached_property
    def is_skipped(self) -> bool:
        """Whether a dynamic loss scale leaves this step out, as a gradient is not finite."""
        return self.resolved.adapts_loss_scale and not all(
            bool(np.isfinite(gradient).all()) for gradient in self.gradients.values()
        )

    @functools.cached_property
    def updates(self) -> dict[str, Array]:
        """What the optimiser adds to each parameter."""
        chain, moment = chain_of(self.resolved), self.moment
        updates = {name: np.empty_like(gradient) for name, gradient in self.gradients.items()}
        state = chain.init(self.parameters) if moment is None else copied(moment.optimiser)
        with np.errstate(all="ignore"):
            if self.is_skipped:
                for array in updates.values():
                    array.fill(0)
            else:
                chain.update(self.clipped, state, self.parameters, self.rates, updates)
        for array in updates.values():
            array.setflags(write=False)
        return updates

    def updated(self, name: str) -> Array:
        """The parameter after the update."""
        with np.errstate(all="ignore"):
            moved = np.asarray(self.parameters[name] + self.updates[name])
        return self.resolved.number_type.cast(moved) if self.resolved.rounds_weights else moved

    def ratio(self, name: str) -> float:
        """‖update‖ / ‖parameter‖: about 1e-3 is healthy (CS231n)."""
        return ratio(norm(self.updates[name]), norm(self.parameters[name]))
