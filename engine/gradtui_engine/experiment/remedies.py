"""The table of remedies: changes of the experiment that are said to cure a diagnosis. `doctor` tries them, and Compare
switches those that have a key.

A row says for which diagnoses it is offered, not that it works: BatchNorm, an unscaled residual, clipping, Adam and
warmup are offered because everybody reaches for them, and what they do is measured. Rows for no diagnosis are what the
keys switch beside those; the last ones take a cure away from a network that has it, to show what it is good for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

from ..cells.table import (
    BIASED,
    CELLS,
    CHOOSING,
    GATED,
    LAYERED,
    OVER_TIME,
    PLAIN,
    RINGED,
    TIMED,
    UNBIASED,
    UNGATED,
    UPDATED,
)
from ..core.problems import ExperimentError
from ..core.table import Table
from ..rules.activations import ACTIVATIONS
from .remedy import GRADIENT, Changes, Remedy, Row
from .resolved import RATES_OF_LAYERS, Resolved

if TYPE_CHECKING:
    from .experiment import Experiment

#: What another size of the weights can mend, what both can, and what is a matter of the update.
_SIZE = ("vanishing", "exploding", "saturated", "non_finite", "off_scale", "starved", "diverging")
_SCALED = (*GRADIENT, "diverging")
_STEP = ("still", "starved", "diverging", "non_finite")
#: Those with more than one activation to choose from: a linear recurrence has none.
_BENDING = tuple(name for name in CHOOSING if len(CELLS[name].activations) != 1)
_CHOOSING_OVER_TIME = tuple(name for name in CHOOSING if name in UNGATED and "relu" in CELLS[name].activations)
#: Initialisers are without effect where σ_w or a scale is given, or W_hh has a rule of its own.
_OWN_RULE: Changes = {
    "sigma_w": None, "sigma_b": None, "init_scale": None, "init_recurrent": None, "gain_recurrent": None,
}  # fmt: skip


#: What a training comes to → the diagnoses of one iteration whose remedies are worth trying then; and of a step that is
#: a little too long those of one that is far too long.
_ASKED_AS: Mapping[str, tuple[str, ...]] = {
    "stalled": ("vanishing", "starved", "still"), "falling": ("starved", "still"),
    "diverged": ("exploding", "diverging"), "overfitted": ("overfitted",),
    "overshooting": ("diverging",),
}  # fmt: skip


def _layered(resolved: Resolved) -> bool:
    return not resolved.kind.over_time


def _rectified(resolved: Resolved) -> bool:
    return ACTIVATIONS[resolved.activation].rectifies


def _rates(e: Resolved, changed: Callable[[float], float | None]) -> Changes:
    """The rate, and those that layers have of their own, changed alike."""
    own = {field: getattr(e, field) for field in RATES_OF_LAYERS.values()}
    rates = {"learning_rate": e.learning_rate, **{field: rate for field, rate in own.items() if rate is not None}}
    return {field: changed(rate) for field, rate in rates.items()}


REMEDIES = Table(
    "remedy",
    (
        Row(
            "relu + he", {"activation": "relu", "init": "he_normal", "gain": 1.0, **_OWN_RULE},
            "f′ is 1 where a unit is on, and He's √2 makes up for those that are off: 1 a layer on average.",
            "The factor is 1 only on average over wide layers; a narrow deep network still drifts.", LAYERED,
            applies=lambda e: not (e.activation == "relu" and e.init == "he_normal"),
        ),
        Row(
            "leaky relu + he", {"activation": "leaky_relu", "init": "he_normal", "gain": 1.0, **_OWN_RULE},
            "As ReLU with He, and the off side passes a hundredth: no unit is quite dead.",
            "The off side's hundredth is little: over depth it is a ReLU network.", LAYERED,
            applies=lambda e: not (e.activation in ("leaky_relu", "prelu") and e.init == "he_normal"),
        ),
        Row(
            "gelu + he", {"activation": "gelu", "init": "he_normal", "gain": 1.0, **_OWN_RULE},
            "A smooth ReLU, which cuts no unit off for good: with He's weights the factor is near 1.",
            "Where z is small GELU is ½ z: a signal that shrinks goes on shrinking.", LAYERED,
            applies=lambda e: not (e.activation == "gelu" and e.init == "he_normal"),
        ),
        Row(
            "selu + lecun", {"activation": "selu", "init": "lecun_normal", "gain": 1.0, **_OWN_RULE},
            "λ and α pull mean and variance towards 0 and 1 in every layer (Klambauer et al. 2017).",
            "The forward signal is what is pulled: the gradient grows by 1.04 a layer.", LAYERED,
            applies=lambda e: not (e.activation == "selu" and e.init == "lecun_normal"),
        ),
        Row(
            "he init", {"init": "he_normal", "gain": 1.0, **_OWN_RULE},
            "Doubles the weights' variance because half the units are off.",
            "He's factor is made for ReLU; another activation needs another.", LAYERED,
            applies=lambda e: _rectified(e) and e.init != "he_normal", key="init", switched=_rectified,
        ),
        Row(
            "xavier, gain auto", {"init": "xavier_normal", "gain": "auto", **_OWN_RULE},
            "Scales the weights by the activation's own gain.",
            "The gain keeps the forward signal; the gradient follows f′, which may be smaller still.", CHOOSING,
            key="init", switched=lambda e: _layered(e) and not _rectified(e),
        ),
        Row(
            "orthogonal, gain auto", {"init": "orthogonal", "gain": "auto", **_OWN_RULE},
            "All singular values of W equal: every direction shrinks or grows alike.",
            "W is an isometry, but f′ is not: it still shrinks the gradient.", CELLS.names,
            key="init", switched=_layered,
        ),
        Row(
            "orthogonal weights", {"init": "orthogonal", **_OWN_RULE}, "", "", OVER_TIME, kinds=(), key="init",
        ),
        Row("relu", {"activation": "relu"}, "", "", _BENDING, kinds=(), key="activation"),
        Row(
            "lsuv", {"init": "lsuv", "gain": "auto", **_OWN_RULE},
            "Scales each layer until its pre-activations have the wanted variance on this very batch.",
            "It sets the forward variance; the backward one is another matter.", LAYERED, kinds=_SCALED,
        ),
        Row(
            "tanh", {"activation": "tanh"}, "f′ is 1 at zero instead of ¼.",
            "Where the units are away from 0, tanh is flat too.", LAYERED,
            applies=lambda e: e.activation in ("sigmoid", "hard_sigmoid", "softplus"),
        ),
        Row(
            "batch norm", {"norm": "batch"}, "Divides by the batch's scale in every layer, forward and backward.",
            "Without skips it makes the gradient grow by √(E f′² / Var f) a layer, 1.21 for ReLU (Yang et al. 2019).",
            PLAIN, kinds=_SCALED, applies=lambda e: e.norm == "none" and (e.batch or 0) > 1, key="norm",
        ),
        Row(
            "layer norm", {"norm": "layer"}, "Divides by each sample's scale in every layer.",
            "It fixes the scale of z at 1; the factor is then √(E f′² / E f²) for any weights, and need not be 1.",
            LAYERED, kinds=_SCALED,
            applies=lambda e: e.norm == "none", key="norm",
        ),
        Row("rms norm", {"norm": "rms"}, "", "", LAYERED, kinds=(), key="norm"),
        Row(
            "residual", {"residual": "add"}, "J becomes 1 + J_F: a path whose factor is exactly 1.",
            "Unscaled, the sum grows too: by √(1 + χ_F) a layer.", LAYERED, applies=lambda e: e.residual == "none",
            key="residual",
        ),
        Row(
            "scaled residual", {"residual": "scaled"},
            "With β = 1/√depth the growth stays bounded by √e over the whole depth where χ_F is 1.",
            "The bound is e^(χ_F/2): branches with a large factor of their own still make it grow.", LAYERED,
            applies=lambda e: e.residual != "scaled", key="residual",
        ),
        Row(
            "layer norm + scaled residual", {"norm": "layer", "residual": "scaled", "residual_block": "pre"},
            "A skip that nothing acts on, and branches of a known scale: the transformer's recipe.",
            "The first and last layer have no skip.", LAYERED,
            applies=lambda e: e.norm == "none" and e.residual == "none",
        ),
        Row(
            "rezero", {"residual": "rezero", "residual_scale": None},
            "Every block starts as the identity: the factor is exactly 1 (Bachlechner et al. 2020).",
            "Nothing of a branch is heard before its α has moved, and where α is large the sum grows.", LAYERED,
            applies=lambda e: e.residual != "rezero", key="residual",
        ),
        Row(
            "layer scale", {"residual": "layer_scale", "residual_scale": None},
            "Every branch starts at a tenth: the factor is near 1 (Touvron et al. 2021).",
            "γ = 0.1 is for some dozens of layers; where branches have a scale of their own, it is not small.", LAYERED,
            applies=lambda e: e.residual == "none",
        ),
        Row(
            "pre-LN", {"norm": "layer", "residual": "add", "residual_block": "pre"},
            "The norm stands in the branch, the skip is untouched: √(L + 1) over L blocks (Xiong et al. 2020).",
            "The sum grows forward too, and its first branches weigh most.", LAYERED,
            applies=lambda e: e.norm == "none" and e.residual == "none",
        ),
        Row(
            "deepnorm", {"residual": "deepnorm", "residual_scale": None, "residual_block": None, "norm": "layer"},
            "A norm on every sum, and a skip that outweighs its branch: the factor is 1 (Wang et al. 2022).",
            "A layer without a skip, as the first where inputs are not as wide, has a factor of its own.", LAYERED,
            applies=lambda e: e.residual != "deepnorm",
        ),
        Row(
            "highway, bias −4", {"residual": "highway", "highway_bias": -4.0},
            "A gate keeps 98 % of h at first: the forget gate, in depth (Srivastava et al. 2015).",
            "0.98 a layer is a half-life of 38 layers; and so little comes in from each branch.", LAYERED,
            applies=lambda e: e.residual != "highway", key="residual",
        ),
        # First for the key, as at the bias of 1 that an LSTM has by itself less may arrive than in the RNN: over 64
        # steps of pixels 0.025 beside 0.039.
        Row("lstm, forget bias 4", {"cell": "lstm", "forget_bias": 4.0}, "", "", UNGATED, kinds=(), key="gate"),
        Row(
            "lstm", {"cell": "lstm"}, "A cell state whose direct path's factor is the forget gate, not W_hh.",
            "σ(forget bias) is still below 1: 0.73 at 1, 0.88 at 2.", OVER_TIME,
            applies=lambda e: e.cell != "lstm", key="gate", switched=lambda e: not e.kind.gated,
        ),
        Row("gru", {"cell": "gru"}, "A direct path whose factor is the update gate.",
            "At z = ½ half of the direct path is lost at every step.", OVER_TIME,
            applies=lambda e: e.cell != "gru",
        ),
        Row(
            "irnn", {"activation": "relu", "init": "identity", "gain": 1.0, **_OWN_RULE},
            "ReLU and identity weights: the factor is 1 where units are on (Le et al. 2015).",
            "Units that are off pass nothing, and an eigenvalue above 1 explodes after the first update.",
            _CHOOSING_OVER_TIME,
            applies=lambda e: e.init != "identity",
        ),
        Row(
            "forget bias 2", {"forget_bias": 2.0}, "σ(2) = 0.88: the direct path loses 12 % a step.",
            "0.88 a step is still a half-life of 5.5 steps.", BIASED,
            applies=lambda e: e.forget_bias < 2 and e.pin_forget is None, key="gate", frees=("pin_forget",),
        ),
        Row(
            "forget bias 4", {"forget_bias": 4.0}, "σ(4) = 0.98: a half-life of 38 steps.",
            "The gate hardly closes any more: what is stored is hard to forget.", BIASED,
            applies=lambda e: e.forget_bias < 4 and e.pin_forget is None, key="gate", frees=("pin_forget",),
        ),
        Row(
            "update bias 2", {"update_bias": 2.0}, "σ(2) = 0.88: the direct path starts with a loss of 12 % a step.",
            "0.88 a step is still a half-life of 5.5 steps.", UPDATED,
            applies=lambda e: e.update_bias < 2 and e.pin_forget is None, key="gate", frees=("pin_forget",),
        ),
        Row(
            "update bias 4", {"update_bias": 4.0}, "σ(4) = 0.98: a half-life of 38 steps.",
            "So little is let in that what is stored is hard to change.", UPDATED,
            applies=lambda e: e.update_bias < 4 and e.pin_forget is None, key="gate", frees=("pin_forget",),
        ),
        Row(
            "chrono", {"gate_init": "chrono", "forget_bias": None, "update_bias": 0.0, "input_bias": 0.0},
            "Biases of ln U(1, T): each unit remembers for a time of its own, up to T (Tallec & Ollivier 2018).",
            "Half of the units remember for less than half of the sequence, and the others let little in.", TIMED,
            applies=lambda e: e.gate_init != "chrono" and e.pin_forget is None,
        ),
        Row(
            "a ring near 1", {"r_min": 0.9, "r_max": 0.999},
            "Each unit's factor is its |λ|: from 0.9 to 0.999 a fifth of the gradient is left after 100 steps "
            "(Orvieto et al. 2023).",
            "Where the ring lies was not what the gradient was lost by.", RINGED,
            applies=lambda e: e.r_max < 0.999 or e.r_min < 0.9,
        ),
        Row("gate pinned for 0.9", {}, "", "", UNBIASED, kinds=(), pins=0.9, key="gate"),
        Row(
            "pinned gate", {}, "The constant error carousel: the direct path's factor is exactly 1.",
            "The paths through the gates add to the direct one: together they can grow.", GATED,
            applies=lambda e: e.pin_forget is None, pins=1.0, key="gate",
        ),
        Row(
            "orthogonal, gain 1", {"init": "orthogonal", "gain": 1.0, **_OWN_RULE},
            "Brings weights that are too large or too small back to an isometry.",
            "f′ is below 1 and shrinks what W keeps.", CELLS.names, kinds=_SIZE,
            applies=lambda e: e.gain != 1.0 or e.init != "orthogonal",
        ),
        Row(
            "clip by norm", {"clip": "norm"}, "Caps the gradient that the optimiser gets.",
            "It changes no factor: the ratio between first and last layer stays what it was.", CELLS.names,
            kinds=("exploding", "vanishing", "non_finite", "diverging"), applies=lambda e: e.clip == "none", key="clip",
            switched=lambda e: e.clip == "none",
        ),
        Row(
            "clip by value", {"clip": "value"}, "", "", CELLS.names, kinds=(), key="clip",
            switched=lambda e: e.clip == "none",
        ),
        Row(
            "adam", {"optimizer": "adam", "learning_rate": None}, "Divides each gradient by its own size.",
            "It hides a vanished gradient (until it falls under ε), and does not cure one.", CELLS.names,
            kinds=("vanishing", "exploding", "starved", "diverging"), applies=lambda e: e.optimizer != "adam",
        ),
        Row(
            "warmup", {},
            "The rate rises over the first 50 iterations: no large step before the network has found its feet.",
            "A warmup changes no factor; what never arrives, it does not bring.", CELLS.names,
            kinds=("vanishing", "exploding", "starved", "diverging", "off_scale"),
            training={"schedule": "warmup", "warmup": 50},
        ),
        Row(
            "scaled target", {"target_scale": "standard"},
            "(t − mean) / std over the rows that are trained on: a target of the size that outputs have at the start.",
            "The size of the target is not all that is wrong.", CELLS.names,
            kinds=("off_scale", "diverging", "non_finite"), applies=lambda e: e.target_scale == "none",
        ),
        Row(
            "scaled target, a tenth of the rate",
            lambda e: {"target_scale": "standard", **_rates(e, lambda rate: rate / 10)},
            "A target of the size of the outputs, and a step of a tenth.",
            "Neither the size of the target nor the rate is all that is wrong.", CELLS.names,
            kinds=("off_scale", "diverging", "non_finite"),
            applies=lambda e: e.target_scale == "none" and e.learning_rate > 0,
        ),
        Row(
            "the optimiser's own rate", lambda e: _rates(e, lambda rate: None),
            "η as the optimiser's authors, or PyTorch, have it.",
            "A usual rate is no cure for a network that needs another.", CELLS.names, kinds=_STEP,
        ),
        Row(
            "a tenth of the rate", lambda e: _rates(e, lambda rate: rate / 10),
            "A step of a tenth: the loss falls wherever the step is small enough.",
            "A smaller step changes neither the gradient's way nor where the loss starts.", CELLS.names,
            kinds=("vanishing", "exploding", "diverging", "off_scale", "overfitted"),
            applies=lambda e: e.learning_rate > 0,
        ),
        Row(
            "a thousandth of the rate", lambda e: _rates(e, lambda rate: rate / 1000),
            "A step of a thousandth: the loss falls wherever the step is small enough.",
            "So small a step learns as slowly, and where it is needed the network's scale is to blame.", CELLS.names,
            kinds=("diverging",), applies=lambda e: e.learning_rate > 0,
        ),
        Row(
            "ten times the rate", lambda e: _rates(e, lambda rate: rate * 10),
            "Steps that are ten times as large.",
            "A larger step does not change what each layer gets beside the others.",
            CELLS.names, kinds=("still",), applies=lambda e: 0 < e.learning_rate < 1,
        ),
        Row(
            "weight decay", lambda e: {"weight_decay": 10 * e.weight_decay or 1e-2},
            "Pulls every weight towards 0: what is learnt by heart takes large ones (Krogh & Hertz 1992).",
            "The weights were not what learnt by heart; and a pull that is too strong lets nothing be learnt.",
            CELLS.names, kinds=("overfitted",), applies=lambda e: e.weight_decay <= 1,
        ),
        Row(
            "no weight decay", {"weight_decay": 0.0}, "Nothing shrinks the weights but the gradient.",
            "The decay was not what made the step too large.", CELLS.names, kinds=("diverging", "cut_off", "shrinking"),
            applies=lambda e: e.weight_decay > 0,
        ),
        Row(
            "a thousandth of the weight decay", lambda e: {"weight_decay": e.weight_decay / 1000},
            "Pulls a thousandth as hard: what is learnt stays.",
            "The decay was not what keeps the network from learning.", CELLS.names, kinds=("shrinking",),
            applies=lambda e: e.weight_decay > 0,
        ),
        Row(
            "β = 1/√depth", {"residual_scale": None}, "A branch whose share is neither 0 nor too large.",
            "The scale of the branches was not what kept their weights from learning.", LAYERED,
            kinds=("cut_off", "starved", "diverging", "off_scale"), applies=lambda e: e.residual == "scaled",
        ),
        Row(
            "a free gate", {"pin_forget": None}, "A gate that learns, instead of one that is held.",
            "What the gate is held at was not what kept the weights from learning.", GATED,
            kinds=("cut_off", "starved"), applies=lambda e: e.pin_forget is not None,
        ),
        Row(
            "no truncation", {"truncate": None}, "Backpropagation goes through all steps: early ones get their share.",
            "Without the cut the gradient has the whole way to go, and what becomes of it there is another matter.",
            OVER_TIME, kinds=("truncated",), applies=lambda e: e.truncate is not None,
        ),
        Row(
            "float64", {"dtype": "float64"}, "Overflows at 1e308 instead of 3e38.",
            "More exponent buys a few more layers, not another product.", CELLS.names, kinds=("non_finite",),
            applies=lambda e: e.dtype == "float32",
        ),
        Row(
            "a dynamic loss scale", {"loss_scale": "dynamic", "master_weights": "yes"},
            "65,536 times the gradient on its way, and divided again before the update: what was under 6e-8 is a "
            "number.",
            "Scaled numbers keep their digits, not their ratio: what shrinks a layer shrinks still.", CELLS.names,
            kinds=("underflow", "vanishing", "cut_off", "still", "starved"),
            applies=lambda e: e.dtype == "float16" and e.loss_scale == "none",
        ),
        Row(
            "bfloat16", {"dtype": "bfloat16", "loss_scale": "none"},
            "float32's range in 16 bits: down to 9e-41, up to 3e38.",
            "Its range is float32's: what vanishes or overflows there does so here, with two digits.", CELLS.names,
            kinds=("underflow", "vanishing", "non_finite", "cut_off", "still", "starved"),
            applies=lambda e: e.dtype == "float16",
        ),
        Row(
            "float32 weights", {"master_weights": "yes"},
            "Updates under half of a weight's last bit add up in float32; in 16 bits each rounds away.",
            "The weights took their updates; what was lost was lost before.", CELLS.names,
            kinds=("still", "starved", "underflow"), applies=lambda e: e.rounds_weights,
        ),
        Row(
            "sigmoid again", {"activation": "sigmoid"}, "", "", LAYERED, kinds=(), key="activation",
            switched=lambda e: e.activation == "relu",
        ),
        Row(
            "tanh again", {"activation": "tanh"}, "", "", _CHOOSING_OVER_TIME, kinds=(), key="activation",
            switched=lambda e: e.activation == "relu",
        ),
        Row("no norm", {"norm": "none"}, "", "", LAYERED, kinds=(), key="norm"),
        Row("no residual", {"residual": "none"}, "", "", LAYERED, kinds=(), key="residual"),
        Row(
            "forget bias 0", {"forget_bias": 0.0}, "", "", BIASED, kinds=(), key="gate", frees=("pin_forget",),
            switched=lambda e: e.pin_forget is not None or e.forget_bias >= 2,
        ),
        Row(
            "update bias 0", {"update_bias": 0.0}, "", "", UPDATED, kinds=(), key="gate", frees=("pin_forget",),
            switched=lambda e: e.pin_forget is not None or e.update_bias >= 2,
        ),
        Row(
            "free gate", {"pin_forget": None}, "", "", UNBIASED, kinds=(), key="gate",
            switched=lambda e: e.pin_forget is not None,
        ),
        Row(
            "no clipping", {"clip": "none"}, "", "", CELLS.names, kinds=(), key="clip",
            switched=lambda e: e.clip != "none",
        ),
    ),
)  # fmt: skip


def remedies_for(experiment: Experiment, kinds: Collection[str], read: Resolved | None = None) -> tuple[Remedy, ...]:
    """The remedies that are offered for these diagnoses of this experiment, in the table's order.

    read is what the experiment came to, where a CSV file decided some of it.
    """
    resolved = read or experiment.resolved
    asked = {also for kind in kinds for also in _ASKED_AS.get(kind, (kind,))}
    offered = (
        Remedy(row.name, row.changes_of(resolved), row.why, row.no_cure, row.training)
        for row in REMEDIES.values()
        if asked.intersection(row.kinds) and resolved.cell in row.cells and row.applies(resolved)
    )
    return tuple(remedy for remedy in offered if _changes_something(remedy, experiment))


def _changes_something(remedy: Remedy, experiment: Experiment) -> bool:
    """Whether the change is possible here, and has not been made already; a training is not known here."""
    if remedy.training:
        return True
    try:
        return remedy.apply(experiment).resolved != experiment.resolved
    except ExperimentError:
        return False


def switched_by(key: str, experiment: Experiment) -> tuple[Changes, ...]:
    """What one of Compare's keys makes of an experiment, in turn: the changes of the rows that have this key."""
    resolved = experiment.resolved
    return tuple(
        {**row.changes_of(resolved), **dict.fromkeys(row.frees)}
        for row in REMEDIES.values()
        if row.key == key and resolved.cell in row.cells and row.switched(resolved)
    )
