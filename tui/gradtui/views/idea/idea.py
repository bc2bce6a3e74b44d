"""The one idea: three cures side by side as the same product, each against its disease, on one axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gradtui_engine import Experiment
from gradtui_engine.analysis.record import Record
from gradtui_engine.core.figures import power, short, superscript
from gradtui_engine.core.message import English
from gradtui_engine.core.numerics import ratio
from gradtui_engine.program.program import first_learning

from ...model.needs import Failed, Simulation
from ...model.state import State
from ...text.language import tr
from ...text.scale import LogScale, cell_of
from ...text.spans import Line, Span, first_fit, first_title, fit, page, runs, wrap
from ...text.summary import describe
from ...text.undefined import defined
from ..frame.differing import differing
from ..frame.scene import Scene
from ..frame.stage_rows import stage_rows

#: Stages of every chain: deep enough that 0.24 a layer is far below what float32 holds.
_LENGTH = 30
#: The width of a chain from which on the cure's factor stands beside the disease's. Three chains always fit: in the
#: smallest pane, 58 cells wide, each has 18.
_BOTH_FROM = 34
_BETWEEN = 2
#: The width from which on a row of several stages names both its ends.
_ENDS_FROM = 24
#: Lines of a chain from which on it is told in words too.
_WORDS_FROM = 17
#: Stages that are shown at least before each chain says what is run.
_STAGES_FIRST = 12


@dataclass(frozen=True, slots=True)
class Chain:
    """One cure against its disease: what is run, and the line that makes it the same idea as the others."""

    disease: English
    cure: English
    before: tuple[tuple[str, Any], ...]
    after: tuple[tuple[str, Any], ...]
    formula: str
    words: English

    def experiments(self, seed: int) -> tuple[Experiment, Experiment]:
        before, after = dict(self.before), dict(self.after)
        return Experiment(seed=seed, **before), Experiment(seed=seed, **(before | after))


CHAINS = (
    Chain(
        "sigmoid",
        "ReLU",
        (("depth", _LENGTH), ("activation", "sigmoid")),
        (("activation", "relu"), ("init", "he_normal")),
        "f′ = 1",
        "where a ReLU is on, its slope is 1; He's √2 makes up for the units that are off",
    ),
    Chain(
        "plain",
        "residual",
        (("depth", _LENGTH), ("activation", "relu"), ("init", "xavier_normal")),
        (("residual", "scaled"),),
        "I + βJ",
        "the skip adds the identity: a path whose factor is exactly 1",
    ),
    Chain(
        "RNN",
        "LSTM",
        (("cell", "rnn"), ("data", "gaussian"), ("steps", _LENGTH)),
        (("cell", "lstm"), ("forget_bias", 4.0)),
        "f_t ≈ 1",
        "the cell state is carried on by the forget gate, which is near 1",
    ),
)


def needs(state: State) -> tuple[Simulation, ...]:
    """Six experiments, on the seed of the person's own."""
    return tuple(Simulation(experiment) for chain in CHAINS for experiment in chain.experiments(state.experiment.seed))


def title(scene: Scene, width: int) -> str:
    return first_title(
        width,
        tr("one idea · the gradient is a product of factors; every cure keeps it near 1 · log axis · │ marks 1"),
        tr("one idea · keep the product of factors near 1 · │ marks 1"),
        tr("one idea · keep the product near 1"),
        tr("one idea"),
    )


def view(scene: Scene, width: int, height: int) -> list[Line]:
    """The three chains side by side."""
    seed = (scene.experiment or scene.state.experiment).seed
    pairs = [[scene.results.get(Simulation(experiment)) for experiment in chain.experiments(seed)] for chain in CHAINS]
    for result in (side for pair in pairs for side in pair):
        if isinstance(result, Failed):
            return page(wrap(tr(result.problem), width, "broken"), width, height)
    if any(side is None for pair in pairs for side in pair):
        return page([[(tr("computing six networks …"), "dim")]], width, height)
    records = [(pair[0].record, pair[1].record) for pair in pairs]  # type: ignore[union-attr]
    products = [(running_products(one), running_products(two)) for one, two in records]
    scale = LogScale.of(value for pair in products for side in pair for value in side)
    room = (width - _BETWEEN * (len(CHAINS) - 1)) // len(CHAINS)
    run = [_run(chain, seed, room) for chain in CHAINS]
    most = max(len(lines) for lines in run)
    run = [[*lines, *([[]] * (most - len(lines)))] for lines in run]
    inside = height - 1
    if inside - _around(inside) - most < _STAGES_FIRST:
        run = [[] for _ in CHAINS]
    blocks = [
        [*_chain(scene, chain, pair, product, scale, room, inside - len(said)), *(fit(line, room) for line in said)]
        for chain, pair, product, said in zip(CHAINS, records, products, run, strict=True)
    ]
    lines: list[Line] = []
    for row in zip(*blocks, strict=True):
        line: Line = []
        for cell in row:
            line += [*cell, (" " * _BETWEEN, "text")]
        lines.append(line[:-1])
    return page([*lines, _own(width)], width, height)


def _own(width: int) -> Line:
    """That the header's experiment is another: the header stands above every view."""
    texts = (
        tr(
            "this view compares six networks of its own, not the one in the header: of that, the seed alone counts here"
        ),
        tr("six networks of this view's own, not the one in the header"),
    )
    return first_fit(width, *([(text, "message")] for text in texts))


def _run(chain: Chain, seed: int, width: int) -> list[Line]:
    """Both experiments of a chain: the disease's whole, and what the cure changes in it."""
    disease, cure = chain.experiments(seed)
    lines = wrap(f"▼ {describe(disease.resolved, 1)}", width, "label")
    return [*lines, *wrap(f"● {differing(disease, cure)}", width, "label")]


def _around(height: int) -> int:
    """Lines of a chain that are no stage's: its head, both results, the formula and, where there is room, the words."""
    return 1 + (6 if height >= _WORDS_FROM else 3)


def running_products(record: Record) -> list[float]:
    """What is left at each stage of the gradient at the last one: of ∂L/∂c for an LSTM, else of ∂L/∂h."""
    if record.stages[-1].cell_gradient_norm is None:
        return list(record.decay.running_product)
    norms = [stage.cell_gradient_norm or 0.0 for stage in record.stages]
    return [ratio(value, norms[-1]) for value in norms]


def _factors(record: Record) -> list[float | None]:
    return [defined(stage.factors.get("cell", stage.factor), record) for stage in record.stages]


def _chain(
    scene: Scene,
    chain: Chain,
    records: tuple[Record, Record],
    products: tuple[list[float], list[float]],
    scale: LogScale,
    width: int,
    height: int,
) -> list[Line]:
    """Head, one row per stage (disease ▼, cure ●, on the shared axis), the result, and the line of the idea."""
    disease, cure = (f"▼ {tr(chain.disease)}", "vanishing"), (f"● {tr(chain.cure)}", "healthy")
    names = first_fit(width, [disease, ("  →  ", "label"), cure], [disease, (" ", "label"), cure])
    foot = [_result(records, products, width, 0), _result(records, products, width, 1)]
    foot += [first_fit(width, [(chain.formula, "formula")])]
    if height >= _WORDS_FROM:
        foot += wrap(tr(chain.words), width, "dim")[:3]
        foot += [[]] * (4 + 2 - len(foot))
    rows = height - 1 - len(foot)
    both = width >= _BOTH_FROM
    factors = [_factors(record) for record in records]
    first = first_learning(records[0].axis, _LENGTH)
    drawn = stage_rows(_LENGTH + 1, max(rows, 2), first)
    ends = 5 if width >= _ENDS_FROM else 2
    label = max(len(row.label(ends)) for row in drawn)
    lines: list[Line] = [names]
    for row in drawn[: max(rows, 0)]:
        line: Line = [(row.label(ends).rjust(label) + " ", "label")]
        for side in range(2 if both else 1):
            value = row.product(factors[side])
            text = f"×{short(value)}" if value is not None else ""
            line.append((text.ljust(7), ("vanishing", "healthy")[side]))
        room = width - label - 1 - (14 if both else 7)
        line += _points(scale, products[0][row.low], products[1][row.low], room)
        lines.append(line)
    lines += [[]] * (1 + rows - len(lines))
    return [fit(line, width) for line in [*lines, *foot]]


def _points(scale: LogScale, disease: float, cure: float, room: int) -> Line:
    """Both running products on the axis, with the line at 1."""
    cells: list[Span] = [(" ", "text")] * room
    cells[cell_of(scale, 1.0, room)] = ("│", "reference")
    cells[cell_of(scale, cure, room)] = ("●", "healthy")
    cells[cell_of(scale, disease, room)] = ("▼", "vanishing")
    return runs(cells)


#: How many factors there are, by what the stages of the chain's experiments are.
_COUNTED: dict[str, English] = {"layer": "({count} layers)", "time": "({count} steps)"}


def _result(records: tuple[Record, Record], products: tuple[list[float], list[float]], width: int, side: int) -> Line:
    """0.2361²⁹ = 6.6e-19: a calculator agrees."""
    product = products[side]
    first = first_learning(records[side].axis, len(product) - 1)
    count, total = len(product) - 1 - first, product[first]
    _, base = power(total, count)
    mark, style = (("▼", "vanishing"), ("●", "healthy"))[side]
    whole: Line = [(f"{mark} {base}{superscript(count)} = {short(total)}", style)]
    narrow: Line = [(f"{mark} {base}{superscript(count)}={short(total)}", style)]
    # A base with fewer digits would be another equation: three digits to the 29th are up to a tenth beside.
    bare: Line = [(f"{mark} {short(total)}", style)]
    where = tr(_COUNTED[records[side].axis], count=count)
    return first_fit(width, [*whole, (f" {where}", "dim")], whole, narrow, bare)
