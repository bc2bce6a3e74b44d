"""The numbers of a finding as a person reads them: what each is called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..core.figures import exact, percent, short
from ..core.message import English, Message, Verbatim
from .finding import Evidence

#: What the names in evidence are called. Shares are said in percent, steps and rates as they were set.
CALLED: Mapping[str, English] = {
    "average_factor": "factor from layer to layer, on average",
    "began_at": "it began at step",
    "broken_parameters": "parameters that are not finite",
    "dead_from": "a layer is dead from step",
    "direction": "direction",
    "dtype": "type",
    "exploding_from": "gradients explode from step",
    "factor_per_step": "factor from step to step",
    "first": "median of the first tenth",
    "first_rms": "size of the first layer's outputs",
    "first_scale": "loss scale at first",
    "first_loss": "first loss",
    "gradient": "norm of the gradient",
    "gradient_before": "norm of the gradient before",
    "gradient_times": "the gradient is so many times the first",
    "guessing": "what guessing costs",
    "largest_update_before": "largest update / weight before",
    "last": "median of the last tenth",
    "last_loss": "last loss",
    "last_recorded_step": "last recorded step before",
    "last_rms": "size of the last layer's outputs",
    "last_scale": "loss scale at last",
    "layer_index": "layer",
    "layers": "layers",
    "learning_rate": "learning rate",
    "loss": "loss",
    "loss_before": "loss before",
    "loss_ratio": "loss at the end / at the start",
    "loss_times": "the loss is so many times what it was",
    "losses": "losses",
    "matrices": "matrices",
    "non_finite_at": "not finite at step",
    "numbers": "numbers",
    "of": "gradient",
    "off": "units that are off for every sample",
    "optimizer": "optimizer",
    "parameter": "parameter",
    "parameters": "parameters",
    "range": "largest / smallest size of outputs",
    "ratio": "ratio",
    "reference": "beside layer",
    "rms_times": "its outputs are so many times their usual size",
    "root": "the loss was computed by",
    "saturated": "outputs at the ends",
    "scale": "loss scale",
    "share": "share of all numbers",
    "share_of_events": "share of the recorded steps",
    "share_of_layers": "share of the layers",
    "share_of_steps": "share of the recorded steps",
    "skipped": "steps that were left out",
    "skipped_events": "recorded steps that were left out",
    "steps": "steps",
    "steps_above": "steps for which it stays up",
    "symmetric_matrices": "matrices all of whose rows are equal",
    "time_steps": "time steps",
    "times": "times",
    "unchanged": "weights that stay the same",
    "units": "units",
    "update_ratio": "update / weight",
    "usual": "usual loss",
    "value": "value",
    "vanished_from": "below 1/1,000 from here on down",
    "what": "what is not finite",
    "zeros": "zeros among the gradient's numbers",
}
_SHARES = (
    "off", "saturated", "share", "share_of_events", "share_of_layers", "share_of_steps", "skipped", "unchanged",
    "zeros",
)  # fmt: skip
_SET = ("learning_rate", "scale", "first_scale", "last_scale")
#: So many names of a list are said.
_MOST = 6


def told(evidence: Evidence) -> Iterator[Message]:
    """Each number with what it is called: "learning rate 0.1"; of a list the first names."""
    for name, value in evidence.items():
        yield Message("{name}: {value}", name=CALLED.get(name, name), value=_value(name, value))


def _value(name: str, value: float | int | str | list[str]) -> object:
    if isinstance(value, list):
        names = ", ".join(value[:_MOST])
        if len(value) > _MOST:
            return Message("{names} and {count} more", names=Verbatim(names), count=len(value) - _MOST)
        return Verbatim(names)
    if isinstance(value, str):
        return Verbatim(value)
    if isinstance(value, int):
        return str(value)
    if name in _SHARES:
        return percent(value)
    return exact(value) if name in _SET else short(value)
