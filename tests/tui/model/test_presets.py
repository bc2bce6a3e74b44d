"""Presets: each makes one point, and the computed traces bear it out."""

from __future__ import annotations

import io
import itertools
import math
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gradtui.cli.arguments import experiment_of
from gradtui.cli.subcommands import SUBCOMMANDS
from gradtui.cli.train_plan import plan
from gradtui.cli.words import Words
from gradtui.model import events as e
from gradtui.model.ineffective_options import left_to_screen
from gradtui.model.names import QUANTITIES, VIEWS
from gradtui.model.presets import PRESETS, arguments, experiment_values, listing, named, screen_values
from gradtui.model.sweeps import plan_of, shown
from gradtui.model.trainings import training_of_a, training_of_b
from gradtui.share import address
from gradtui.views.idea.chains import SHEETS
from gradtui_engine import Experiment, Run, TrainingSnapshot, build, train
from gradtui_engine.analysis.jacobian import spectra
from gradtui_engine.core.figures import short
from gradtui_engine.core.thresholds import EXPLODED, VANISHED
from gradtui_engine.sweeps.run import run
from gradtui_engine.sweeps.sweep import Sweep
from tests.tui.helpers import Command, trace_of, words_of

every_preset = pytest.mark.parametrize("name", PRESETS)
#: What else is a command, or is to be one.
RESERVED = {*SUBCOMMANDS, "run", "doctor", "check", "theory", "config", "presets", "serve", "kiosk", "sweep", "train"}


def cell_ratio(trace: Run) -> float:
    """The same of the cell state."""
    norms = [np.linalg.norm(trace.gradient(f"c/{stage}").astype(float)) for stage in (0, len(trace.stages) - 1)]
    return float(norms[0] / norms[1])


def ratio(trace: Run) -> float:
    """The gradient at the first stage that learns over that at the last, from the gradients themselves."""
    first = 1 if trace.axis != "time" else 0
    last = len(trace.stages) - 1
    norms = [np.linalg.norm(trace.gradient(f"h/{stage}").astype(float)) for stage in (first, last)]
    return float(norms[0] / norms[1])


def factor(trace: Run) -> float:
    """The geometric mean of the factors."""
    return float(ratio(trace) ** (1 / (len(trace.stages) - (2 if trace.axis != "time" else 1))))


def near(value: float, wanted: float, share: float) -> bool:
    return abs(value / wanted - 1) < share


def passes(trace: Run) -> bool:
    """Neither vanished nor exploded."""
    return VANISHED < ratio(trace) < EXPLODED


def units_are_equal(array: np.ndarray, axis: int) -> bool:
    return bool((array == np.take(array, [0], axis)).all())


def tokens_alike(trace: Run, block: int) -> float:
    """The mean cosine of two tokens of a sample, pair by pair."""
    state = trace.values[f"h/{block}"]
    unit = state / np.linalg.norm(state, axis=-1, keepdims=True)
    pairs = [(unit[one] * unit[two]).sum(-1).mean() for one, two in itertools.combinations(range(len(unit)), 2)]
    return float(np.mean(pairs))


def of_block(trace: Run, block: int) -> float:
    """The norm of the gradient of a block's parameters."""
    own = [array for name, array in trace.parameter_gradients.items() if name.startswith(f"layers.{block}.")]
    return float(np.sqrt(sum(np.sum(array**2) for array in own)))


def relu_alone(a: Run, b: Run) -> bool:
    off = [float((a.values[f"h/{layer}"] == 0).mean()) for layer in range(1, 31)]
    return near(float(np.mean(off)), 0.5, 0.1) and near(factor(a), math.sqrt(0.5), 0.03) and ratio(a) < VANISHED


def exploding(a: Run, b: Run) -> bool:
    # ReLU is homogeneous: a gain of 1.5 multiplies He's own factor of this network by exactly 1.5.
    he = trace_of(a.experiment.replace(gain=1.0))
    return math.isclose(factor(a), 1.5 * factor(he), rel_tol=1e-3) and near(factor(he), 1, 0.03) and ratio(a) > 1e5


def clipping(a: Run, b: Run) -> bool:
    same = all(np.array_equal(a.gradient(f"h/{layer}"), b.gradient(f"h/{layer}")) for layer in range(len(b.stages)))
    whole = math.sqrt(sum(float((gradient**2).sum()) for gradient in b.clipped.values()))
    weights = [name for name in a.parameters if name.endswith("weight")]  # biases begin at 0: of that there is no share
    shares = [a.update_ratio(name) / b.update_ratio(name) for name in weights]
    alike = shares[0] > 1 and all(math.isclose(share, shares[0], rel_tol=1e-9) for share in shares)
    return same and alike and near(factor(b), 1.5, 0.03) and math.isclose(whole, b.resolved.clip_threshold or 0.0)


def symmetry(a: Run, b: Run) -> bool:
    layers = range(1, a.experiment.resolved.depth + 1)
    values = all(units_are_equal(a.values[f"h/{layer}"], 1) for layer in layers)
    gradients = all(units_are_equal(a.gradient(f"h/{layer}"), 1) for layer in layers)
    return values and gradients and units_are_equal(a.updated("output.weight"), 1)


def saturated(a: Run, b: Run) -> bool:
    shares = [float((abs(a.values[f"h/{layer}"]) > 0.97).mean()) for layer in range(1, 31)]
    return min(shares) > 0.75 and ratio(a) > EXPLODED


def overflow(a: Run, b: Run) -> bool:
    return not math.isfinite(a.loss) and math.isfinite(b.loss) and near(factor(b), 10, 0.05)


def underflow(a: Run, b: Run) -> bool:
    # What arrives with a loss scale is what float32 has.
    float32 = trace_of(a.experiment.replace(dtype="float32"))
    sizes = [float(np.linalg.norm(run.gradient("h/1").astype(float))) for run in (a, b, float32)]
    smallest = np.abs(a.gradients["h"][a.gradients["h"] != 0]).min()
    return sizes[0] == 0 and near(sizes[1], sizes[2], 0.01) and near(float(smallest), 6e-8, 0.01)


def layer_scale(a: Run, b: Run) -> bool:
    gammas = [f"layers.{layer}.residual.weight" for layer in range(1, 31)]
    started = all(bool((b.parameters[name] == 0.1).all()) for name in gammas)
    apart = all(len(np.unique(b.updated(name))) > 1 for name in gammas)
    return near(ratio(a), 2e6, 0.2) and near(ratio(b), 1.4, 0.05) and started and apart


def bottleneck(a: Run, b: Run) -> bool:
    # E‖Wᵀg‖² = fan_in Var(W) ‖g‖² of a linear layer, and Xavier's Var(W) is 2 / (fan_in + fan_out), LeCun's 1 / fan_in.
    into, out_of = math.sqrt(2 * 8 / (8 + 64)), math.sqrt(2 * 64 / (64 + 8))
    said = near(into, 0.47, 0.01) and near(out_of, 1.33, 0.01) and near(into * out_of, 0.63, 0.01)
    # Eight units scatter by 6 % and 12 % from draw to draw; the mean of 24 is within 3 %.
    means = []
    for side in (a, b):
        drawn = [trace_of(side.experiment.replace(seed=seed)).stages[3:5] for seed in range(24)]
        means += list(np.exp(np.mean([[math.log(stage.factor or 0) for stage in pair] for pair in drawn], axis=0)))
    theory = [*(a.theory.factors[3:5]), *(b.theory.factors[3:5])]
    wanted = [out_of, into, 1.0, 1.0]
    own = [stage.factor or 0 for stage in (*a.stages[3:5], *b.stages[3:5])]
    return (
        said
        and np.allclose([value or 0 for value in theory], wanted)
        and all(near(mean, value, 0.03) for mean, value in zip(means, wanted, strict=True))
        and all(near(value, one, 0.05) for value, one in zip(own, wanted, strict=True))
    )


def sigmoid_output(a: Run, b: Run) -> bool:
    """∂L/∂z of both: 2 (ŷ − t) ŷ (1 − ŷ) and ŷ − t, each over the same number of outputs."""
    slope = a.values["output"] * (1 - a.values["output"])
    behind = np.allclose(a.gradient("bare_output"), 2 * slope * b.gradient("output"), rtol=1e-9, atol=1e-15)
    saturated = float(np.median(slope)) < 0.05
    shares = [np.linalg.norm(a.gradient(f"h/{stage}")) / np.linalg.norm(b.gradient(f"h/{stage}")) for stage in range(6)]
    return behind and saturated and all(near(float(share), 1 / 7, 0.1) for share in shares[1:])


def adam(a: Run, b: Run) -> bool:
    names = [f"layers.{layer}.weight" for layer in range(1, a.experiment.resolved.depth + 1)]
    sizes = [b.update_ratio(name) for name in names]
    hidden = max(sizes) < 1.5 * min(sizes) and a.update_ratio(names[0]) < 1e-4 * a.update_ratio(names[-1])
    return hidden and ratio(a) == ratio(b) < VANISHED


def isometry(a: Run, b: Run) -> bool:
    kept, lost = spectra(a).end_to_end, spectra(b).end_to_end
    return bool(np.allclose(kept, 1)) and near(factor(b), 1, 0.02) and float(np.median(lost)) < 1e-6 * float(lost[0])


def carousel(a: Run, b: Run) -> bool:
    along = [float(np.linalg.norm(a.gradient(f"c/{time}"))) for time in (0, 64)]
    direct = [stage.factors["direct"] for stage in a.stages if "direct" in stage.factors]
    return len(direct) == 64 and set(direct) == {1.0} and near(along[0] / along[1], 1, 0.25)


def gates_alone(a: Run, b: Run) -> bool:
    """Of both the direct path keeps about half; of the GRU as much again of that comes through its gates."""
    mine, theirs = ([stage.factors for stage in run.stages[:-1]] for run in (a, b))
    nothing_else = all(parts["gates"] == 0 and parts["direct"] == parts["whole"] for parts in theirs)
    half = near(factor(b), 0.5, 0.02) and all(near(parts["direct"] or 0, 0.5, 0.15) for parts in mine)
    return nothing_else and half and factor(a) > 0.7


def one_idea(a: Run, b: Run) -> bool:
    pairs = [tuple(map(trace_of, chain.experiments(0))) for chain in SHEETS[0]]
    return len(pairs) == 3 and all(ratio(before) < VANISHED and passes(after) for before, after in pairs)


def rezero(a: Run, b: Run) -> bool:
    weights = [f"layers.{layer}.weight" for layer in range(1, 101)]
    alphas = [f"layers.{layer}.residual.weight" for layer in range(1, 101)]
    still = not any(a.parameter_gradients[name].any() for name in weights)
    moving = all(a.parameter_gradients[name].any() for name in alphas)
    after = build(a.experiment).updated(a.trace).run()
    return (
        all(stage.factor == 1.0 for stage in a.stages[:-1]) and still and moving
        and all(after.parameter_gradients[name].any() for name in weights) and after.loss < a.loss
    )  # fmt: skip


#: What each point claims, of the traces of A and of B.
CLAIMS: dict[str, Callable[[Run, Run], bool]] = {
    "vanishing": lambda a, b: near(factor(a), 0.23, 0.05) and ratio(a) < 1e-18,
    "relu-alone": relu_alone,
    "relu-he": lambda a, b: near(factor(a), math.sqrt(0.5), 0.03) and near(factor(b), 1, 0.03),
    "torch-default": lambda a, b: (
        near(factor(a), math.sqrt(1 / 6), 0.03) and ratio(a) < 1e-11 and near(factor(b), 1, 0.03)
    ),
    "xavier-tanh": lambda a, b: 0.15 < ratio(b) < 0.25 and 0.5e-9 < ratio(a) < 2e-9,
    "exploding": exploding,
    "clipping": clipping,
    "batchnorm": lambda a, b: passes(a) and ratio(b) > EXPLODED and near(factor(b), 1.21, 0.02),
    "residual": lambda a, b: ratio(a) > 1e6 and 1 < ratio(b) < 4,
    "rezero": rezero,
    "layer-scale": layer_scale,
    "deepnorm": lambda a, b: 1e3 < ratio(a) < 1e4 and near(factor(a), 1.09, 0.01) and near(factor(b), 1, 0.002),
    "highway": lambda a, b: ratio(a) < 2e-31 and 0.3 < ratio(b) < 0.4 and near(factor(b), 0.98, 0.003),
    "thousand-layers": lambda a, b: 0.5e-15 < ratio(a) < 5e-15 and near(factor(b), 1, 0.01) and 0.1 < ratio(b) < 10,
    "dead-relu": lambda a, b: not a.gradient("h/29").any() and a.gradient("h/30").any() and passes(b),
    "bottleneck": bottleneck,
    "symmetry": symmetry,
    "saturated": saturated,
    "sigmoid-output": sigmoid_output,
    "overflow": overflow,
    "underflow": underflow,
    "dropout": lambda a, b: near(factor(a), 1, 0.05) and near(factor(b), math.sqrt(2), 0.06),
    "adam": adam,
    "edge-of-chaos": lambda a, b: near(a.theory.chi or 0, 1, 0.01) and 0.1 < ratio(a) < 10 and ratio(b) < VANISHED,
    "isometry": isometry,
    "rnn": lambda a, b: near(factor(a), 0.63, 0.02) and ratio(a) < 1e-12 and len(a.stages) == 65,
    "irnn": lambda a, b: (
        ratio(a) < VANISHED
        and near(factor(b), 1, 0.03)
        and round(b.loss) == 190
        and near(float(b.target.var()), 1, 0.1)
    ),
    "forget-gate": lambda a, b: (
        near(cell_ratio(a), 1e-9, 0.5) and short(cell_ratio(b)) == "145" and near(1 / (1 + math.exp(-4)), 0.98, 0.01)
    ),
    "keras-lstm": lambda a, b: (
        (a.resolved.forget_bias, b.resolved.forget_bias) == (0.0, 1.0)
        and cell_ratio(a) < 1e-4
        and near(cell_ratio(b), 0.01, 0.5)
    ),
    "carousel": carousel,
    "gru-lstm": lambda a, b: near(1 - factor(a), 0.25, 0.1) and near(1 - factor(b), 0.07, 0.1),
    "mingru": gates_alone,
    "transformer": lambda a, b: (
        all(stage.factors["skip"] == 1 for stage in a.stages[:-1]) and near(factor(a), 1.07, 0.01) and passes(a)
    ),
    "rank-collapse": lambda a, b: (
        tokens_alike(a, 2) < 0.9995 < tokens_alike(a, 3)
        and tokens_alike(a, 12) > 1 - 1e-6
        and tokens_alike(b, 12) < 0.96
    ),
    "pre-ln": lambda a, b: near(of_block(a, 24) / of_block(b, 24), 3.83, 0.01) and of_block(a, 24) > of_block(a, 1),
    "chrono": lambda a, b: (
        ratio(a) < 1e-6 and near(ratio(b), 0.25, 0.1) and near(a.values["gates/1"][:, 64:128].mean(), 0.5, 0.1)
    ),
    "truncation": lambda a, b: (
        a.loss == b.loss
        and passes(a)
        and [stage for stage in range(65) if not b.gradient(f"h/{stage}").any()] == [*range(49)]
        and np.array_equal(a.gradient("h/49"), b.gradient("h/49"))
    ),
    "one-idea": one_idea,
}


def lines_of(snapshot: TrainingSnapshot) -> tuple[np.ndarray, np.ndarray]:
    """Iterations 19, 20, …, and what the last 20 batches have cost on average at each of them."""
    losses = snapshot.columns["loss"].astype(float)
    means = np.array([losses[end - 20 : end].mean() for end in range(20, len(losses) + 1)])
    return np.arange(19, len(losses)), means


def learnt_by(snapshot: TrainingSnapshot, loss: float) -> float:
    """The iteration from which on the last 20 batches cost less; infinity where they never do."""
    iterations, means = lines_of(snapshot)
    return float(min(iterations[means < loss], default=math.inf))


def passed(snapshot: TrainingSnapshot, iteration: int) -> float:
    """The share of the gradient that gets to the first stage that learns."""
    norms = snapshot.columns["gradient"][iteration].astype(float)
    return float(10 ** (norms[1 if snapshot.axis != "time" else 0] - norms[-1]))


def right(snapshot: TrainingSnapshot) -> float:
    """The share of held-out digits that are right at the end."""
    return snapshot.validations[-1].accuracy or 0.0


def dead(snapshot: TrainingSnapshot, iteration: int) -> float:
    return float(snapshot.columns["dead"][iteration, 1:].mean())


def saved_by_clipping(a: TrainingSnapshot, b: TrainingSnapshot) -> bool:
    losses = a.columns["loss"]
    thrown = round(float(losses[0])) == 262 and losses[1] > 1e20 and not np.isfinite(losses[-1])
    return thrown and b.training.replace(clip="none") == a.training and right(b) > 0.9


def adam_learns(a: TrainingSnapshot, b: TrainingSnapshot) -> bool:
    nothing = a.outcome is not None and a.outcome.kind == "stalled" and right(a) < 0.15 and passed(a, -1) < VANISHED
    return nothing and passed(b, 0) == passed(a, 0) < VANISHED and passed(b, -1) > 0.1 and right(b) > 0.8


def batchnorm_bears(a: TrainingSnapshot, b: TrainingSnapshot) -> bool:
    return a.count <= 5 and a.broken is not None and b.count == 200 and right(b) > 0.9


def exploding_learns(a: TrainingSnapshot, b: TrainingSnapshot) -> bool:
    return passed(a, 0) > EXPLODED and a.columns["loss"][0] > 5000 and right(a) > 0.8


def gradient_comes_back(a: TrainingSnapshot, b: TrainingSnapshot) -> bool:
    falls = learnt_by(a, 0.04)
    return 0.5e-12 < passed(a, 0) < 2e-12 and passed(a, int(falls)) > 0.1 and 100 < falls < 300


def recalls(a: TrainingSnapshot, b: TrainingSnapshot) -> bool:
    """Guessing one of eight symbols costs ln 8."""
    return near(float(lines_of(a)[1][-1]), math.log(8), 0.05) and learnt_by(b, 0.1) < 150


def outlearnt(a: TrainingSnapshot, b: TrainingSnapshot) -> bool:
    """B has learnt to add, A answers 1 and pays what that costs: 1/6, or what it costs of those 256 held-out pairs."""
    guesses = near(float(lines_of(a)[1][-1]), 1 / 6, 0.05) and a.outcome is not None and a.outcome.kind == "stalled"
    return guesses and a.count == 300 and learnt_by(b, 0.04) < 250


def units_die(a: TrainingSnapshot, b: TrainingSnapshot) -> bool:
    few = dead(a, 0) < 0.02 and near(dead(a, -1), 0.1, 0.3) and right(a) > 0.9
    # The selected layer, whose numbers stand above the maps, shows it of both.
    few = few and all(snapshot.columns["dead"][-1, PRESETS["train-dead"].stage] > 0.05 for snapshot in (a, b))
    return few and near(dead(b, -1), 0.75, 0.1) and right(b) < 0.15


#: The same of the trainings of A and of B; those that take seconds are for `make soak`.
TRAINED: dict[str, Callable[[TrainingSnapshot, TrainingSnapshot], bool]] = {
    "train-clipping": saved_by_clipping,
    "train-adam": adam_learns,
    "train-batchnorm": batchnorm_bears,
    "train-residual": exploding_learns,
    "train-lru": recalls,
    "train-gru": gradient_comes_back,
    "train-lag": outlearnt,
    "train-long-lag": outlearnt,
    "train-dead": units_die,
}
LONG = ("train-residual", "train-lru", "train-gru", "train-lag", "train-long-lag")

#: What the diagnosis says of A's gradient and of B's, which a person reads beside the point.
KINDS = {
    "vanishing": "vanishing",
    "relu-alone": "vanishing",
    "relu-he": "vanishing healthy",
    "torch-default": "vanishing healthy",
    "xavier-tanh": "vanishing healthy",
    "exploding": "exploding",
    "clipping": "exploding exploding",
    "batchnorm": "healthy exploding",
    "residual": "exploding healthy",
    "rezero": "healthy",
    "layer-scale": "exploding healthy",
    "deepnorm": "exploding healthy",
    "highway": "vanishing healthy",
    "thousand-layers": "vanishing healthy",
    "dead-relu": "dead healthy",
    "bottleneck": "healthy healthy",
    "symmetry": "symmetric",
    "saturated": "exploding",
    "sigmoid-output": "healthy healthy",
    "overflow": "non_finite exploding",
    "underflow": "underflow vanishing",
    "dropout": "healthy exploding",
    "adam": "vanishing vanishing",
    "edge-of-chaos": "healthy vanishing",
    "isometry": "healthy healthy",
    "rnn": "vanishing",
    "irnn": "vanishing healthy",
    "forget-gate": "vanishing healthy",
    "keras-lstm": "vanishing healthy",
    "carousel": "healthy",
    "gru-lstm": "vanishing healthy",
    "mingru": "vanishing vanishing",
    "transformer": "healthy",
    "rank-collapse": "healthy healthy",
    "pre-ln": "healthy healthy",
    "chrono": "vanishing healthy",
    "truncation": "healthy truncated",
    "one-idea": "vanishing",
    "train-clipping": "healthy healthy",
    "train-adam": "vanishing vanishing",
    "train-batchnorm": "healthy healthy",
    "train-residual": "exploding",
    "train-lru": "healthy healthy",
    "train-gru": "vanishing",
    "train-lag": "healthy healthy",
    "train-long-lag": "vanishing vanishing",
    "train-dead": "healthy healthy",
    "sweep-edge-of-chaos": "healthy",
    "sweep-forget-bias": "healthy",
    "sweep-batchnorm": "healthy healthy",
    "sweep-residual": "healthy healthy",
    "sweep-fractal": "healthy",
}
#: Where the first step does no good, the same of it.
FIRST_STEPS = {
    "vanishing": "starved",
    "relu-alone": "still",
    "relu-he": "still healthy",
    "torch-default": "starved healthy",
    "xavier-tanh": "still healthy",
    "exploding": "off_scale",
    "clipping": "off_scale off_scale",
    "batchnorm": "healthy starved",
    "residual": "off_scale healthy",
    "layer-scale": "off_scale healthy",
    "deepnorm": "starved healthy",
    "highway": "starved healthy",
    "thousand-layers": "still healthy",
    "dead-relu": "cut_off healthy",
    "symmetry": "cut_off",
    "saturated": "starved",
    "overflow": "non_finite off_scale",
    "underflow": "cut_off starved",
    "dropout": "healthy off_scale",
    "adam": "starved healthy",
    "edge-of-chaos": "healthy starved",
    "irnn": "healthy off_scale",
    "one-idea": "starved",
    "train-clipping": "off_scale off_scale",
    "train-adam": "starved healthy",
    "train-batchnorm": "diverging healthy",
    "train-residual": "off_scale",
    "train-lru": "overshooting healthy",
    "train-gru": "off_scale",
    "train-long-lag": "healthy off_scale",
    "train-dead": "healthy diverging",
    "sweep-batchnorm": "healthy overshooting",
}


@pytest.mark.parametrize("name", CLAIMS)
def test_the_point_is_true_of_the_computed_traces(name: str) -> None:
    preset = PRESETS[name]
    assert CLAIMS[name](trace_of(preset.experiment), trace_of(preset.other))


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.soak] * (name in LONG)) for name in TRAINED])
def test_the_point_is_true_of_what_is_trained(name: str) -> None:
    preset = PRESETS[name]
    a = train(preset.training).snapshot()
    assert TRAINED[name](a, train(preset.training_of_other).snapshot() if preset.changes else a)


# -- what sweeps ---------------------------------------------------------------------------------------------


def planes(name: str) -> list[Callable[[float, float], float]]:
    """The planes of A and B of a preset: a cell's first measure by the nearest values of x and y."""
    state, _ = address.read(PRESETS[name].experiment, screen_values(name))
    plan, measure = plan_of(state), shown(state).measure
    assert (plan.problem, plan.problem_of_b) == ("", "")

    def plane(sweep: Sweep) -> Callable[[float, float], float]:
        def at(x: float, y: float) -> float:
            assert sweep.y is not None
            i, j = (min(range(len(axis.values)), key=lambda k: abs(float(str(axis.values[k])) - value))
                    for axis, value in ((sweep.x, x), (sweep.y, y)))  # fmt: skip
            (cell,) = run(sweep, only={(i, j)})
            value = cell.values[measure]
            return math.nan if value is None else float(value)

        return at

    return [plane(sweep) for sweep in plan.both]


def sweeps_edge(name: str) -> bool:
    """Deep networks learn near χ = 1 alone, shallow ones nearly everywhere."""
    (at,) = planes(name)
    return min(at(1.1, 50), at(1.4, 50)) > 0.5 > 0.3 > max(at(0.7, 50), at(2.2, 50)) and at(2.0, 10) > 0.5


def sweeps_forget_bias(name: str) -> bool:
    (at,) = planes(name)
    return at(-2, 30) < 1e-14 and at(-2, 100) < 1e-45 and min(at(2, 30), at(2, 100)) > 0.9


def sweeps_batchnorm(name: str) -> bool:
    """Ten layers: without it up to a rate of about 0.1, with it at 1."""
    plain, normed = planes(name)
    return plain(0.1, 11) > 0.7 and not plain(1.0, 11) > 0.3 and normed(1.0, 11) > 0.8


def sweeps_residual(name: str) -> bool:
    plain, skips = planes(name)
    arrives = [skips(gain, 50) for gain in (0.25, 1, 4)]
    return plain(0.35, 50) < 1e-20 and VANISHED < plain(1, 50) < EXPLODED < plain(4, 50) and min(arrives) > 0.5 and (
        max(arrives) < 10
    )  # fmt: skip


def sweeps_fractal(name: str) -> bool:
    """What trains and what fails alternate along a row: more than one edge."""
    state, _ = address.read(PRESETS[name].experiment, screen_values(name))
    sweep = plan_of(state).a
    assert sweep is not None
    columns, rows = sweep.shape
    changes = []
    for row in range(0, rows, 2):
        cells = sorted(run(sweep, only={(column, row) for column in range(columns)}), key=lambda cell: cell.i)
        trains = [float(str(cell.values["trains"])) for cell in cells]
        changes.append(sum(one != two for one, two in itertools.pairwise(trains)))
    return max(changes) >= 3


#: By preset: whether the cells that it computes bear its point out. What takes more than a second or two is soak.
SWEPT: dict[str, Callable[[str], bool]] = {
    "sweep-edge-of-chaos": sweeps_edge,
    "sweep-forget-bias": sweeps_forget_bias,
    "sweep-batchnorm": sweeps_batchnorm,
    "sweep-residual": sweeps_residual,
    "sweep-fractal": sweeps_fractal,
}
LONG_SWEEPS = ("sweep-edge-of-chaos", "sweep-fractal")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.soak] * (name in LONG_SWEEPS)) for name in SWEPT]
)
def test_the_point_is_true_of_what_is_swept(name: str) -> None:
    assert SWEPT[name](name)


@pytest.mark.parametrize("name", SWEPT)
def test_a_preset_that_sweeps_is_done_in_a_minute_or_so(name: str) -> None:
    """By its size: cells, and iterations of all of them at a millisecond or two."""
    state, _ = address.read(PRESETS[name].experiment, screen_values(name))
    for sweep in plan_of(state).both:
        columns, rows = sweep.shape
        assert 100 <= columns * rows <= 1000
        assert columns * rows * (sweep.training.iterations if sweep.training is not None else 0) <= 100_000


@every_preset
def test_the_diagnosis_beside_the_point_is_the_one_that_it_speaks_of(name: str) -> None:
    preset = PRESETS[name]
    sides = [preset.experiment, *([preset.other] if preset.changes else [])]
    assert [trace_of(each).outcome.signal.kind for each in sides] == KINDS[name].split()
    steps = [answer.kind for each in sides if (answer := trace_of(each).outcome.first_step) is not None]
    assert steps == FIRST_STEPS.get(name, " ".join(["healthy"] * len(sides))).split()


@every_preset
def test_a_cure_that_is_none_says_so(name: str) -> None:
    """Where B, the famous cure, is no healthier than A, the point has to say it; where only its first step is, too."""
    preset = PRESETS[name]
    if preset.view == "compare":
        outcome = trace_of(preset.other).outcome
        assert outcome.signal.healthy != ("no cure" in preset.point)
        assert (outcome.signal.healthy and not outcome.healthy) == ("price" in preset.point)


def test_there_are_fourteen_points_at_least_and_every_one_is_tested() -> None:
    assert len(PRESETS) >= 14
    assert [*CLAIMS, *TRAINED, *SWEPT] == list(KINDS) == list(PRESETS)
    assert [name for name in PRESETS if PRESETS[name].sweep] == list(SWEPT)
    assert [name for name in PRESETS if PRESETS[name].trains] == list(TRAINED)


@every_preset
def test_a_name_is_a_word_for_the_command_line_and_no_command(name: str) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)
    assert name not in RESERVED


@every_preset
def test_a_point_is_one_sentence(name: str) -> None:
    point = PRESETS[name].point
    assert point[0].isupper() or point.startswith("float64")
    assert point.endswith(".")
    assert not re.search(r"[.!?] [A-Z]", point.replace("et al. ", ""))
    assert len(point) <= 200


@every_preset
def test_view_and_quantity_exist_and_compare_has_something_to_compare(name: str) -> None:
    preset = PRESETS[name]
    assert preset.view in VIEWS
    assert preset.quantity in QUANTITIES
    assert preset.other != preset.experiment if preset.view == "compare" or preset.changes else True


def test_no_two_presets_open_the_same_screen() -> None:
    assert len({tuple(arguments(name)) for name in PRESETS}) == len(PRESETS)


@every_preset
def test_the_screen_opens_with_the_presets_view_quantity_and_b(name: str) -> None:
    preset = PRESETS[name]
    state, cursor = address.read(preset.experiment, screen_values(name))
    selected = () if preset.stage is None else (e.Select(stage=preset.stage),)
    assert (state.view, state.quantity, cursor) == (preset.view, preset.quantity, selected)
    assert preset.experiment.replace(**dict(state.changes)) == preset.other


@every_preset
def test_the_command_in_the_listing_is_what_the_screen_itself_would_copy(name: str) -> None:
    """`w` makes its command from the state by other code."""
    state, _ = address.read(PRESETS[name].experiment, screen_values(name))
    copied = shlex.split(address.command(state, None))[1:]
    if (stage := PRESETS[name].stage) is not None:
        copied += ["--stage", str(stage)]  # selected once there is a record
    listed = arguments(name)
    pairs = [sorted(" ".join(each).split(" --")) for each in (copied, listed)]
    assert pairs[0] == pairs[1]


@every_preset
def test_a_preset_that_is_about_a_training_trains_as_it_opens(name: str) -> None:
    preset = PRESETS[name]
    state, _ = address.read(preset.experiment, screen_values(name))
    assert state.training == preset.trains
    if preset.trains:
        assert training_of_a(state) == preset.training
        assert training_of_b(state) == (preset.training_of_other if preset.changes else None)


@every_preset
def test_options_change_a_presets_fields(name: str) -> None:
    values = experiment_values(name)
    values["seed"] = 7
    assert Experiment(**values) == PRESETS[name].experiment.replace(seed=7)
    assert "seed" not in experiment_values(name)


@pytest.mark.parametrize("name", TRAINED)
def test_without_a_screen_the_same_is_trained(name: str) -> None:
    preset, words = PRESETS[name], words_of("train", name)
    found, _ = plan(experiment_of(words), words)
    assert (found.a, found.b) == (preset.training, preset.training_of_other if preset.changes else None)


def test_options_change_a_presets_training() -> None:
    words = words_of("train", "train-dead", "--iterations", "7")
    assert plan(experiment_of(words), words)[0].a == PRESETS["train-dead"].training.replace(iterations=7)


def test_an_unknown_preset_is_answered_with_the_nearest() -> None:
    with pytest.raises(KeyError, match="did you mean 'vanishing'"):
        experiment_values("vanihsing")


def test_a_file_of_a_presets_name_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert named("vanishing")
    assert not named("vanihsing")
    (tmp_path / "vanishing").write_text("depth = 3\n", encoding="utf-8")
    assert not named("vanishing")
    assert experiment_of(Words(file="vanishing")) == Experiment(depth=3)


@pytest.mark.parametrize("width", [40, 80, 200])
def test_the_listing_shows_every_name_point_and_command_within_the_width(width: int) -> None:
    out = io.StringIO()
    assert listing(out, width) == 0
    blocks = out.getvalue().split("\n\n")[1:]
    assert [block.splitlines()[0] for block in blocks] == list(PRESETS)
    for block in blocks:
        name, *point, command = block.splitlines()
        assert " ".join(" ".join(point).split()) == PRESETS[name].point
        assert all(len(line) <= width for line in point)
        assert command.split()[0] == "gradtui"


@pytest.mark.parametrize("name", [name for name in PRESETS if PRESETS[name].changes])
def test_the_note_on_a_presets_b_names_the_options_that_run_it(name: str) -> None:
    preset = PRESETS[name]
    (note,) = left_to_screen(preset.experiment, name)
    options = note.split("add ")[1].removesuffix(" to run it").split()
    assert experiment_of(words_of("run", name, *options)) == preset.other
    assert not list(left_to_screen(preset.other, name))


def test_a_command_without_a_screen_says_that_b_is_not_run(command: Command) -> None:
    done = command("run", "relu-he")
    expected = "gradtui run: note: B (init=he_normal) is for the screen; add --init he_normal to run it"
    assert (done.status, done.err.strip()) == (0, expected)
    assert command("run", "relu-he", "--init", "he_normal").err == ""
