"""The one idea: three cures side by side as the same product, each against its disease."""

from __future__ import annotations

from gradtui_engine.core.figures import power, short, superscript
from gradtui_engine.core.message import English

from ...model.needs import Computed, Failed, Simulation
from ...model.state import State
from ...model.story import passed
from ...text.language import tr
from ...text.scale import LogScale, bar, cell_of
from ...text.spans import Line, Span, first_fit, first_title, fit, page, runs, width_of, wrap
from ...text.summary import describe
from ..frame.differing import differing
from ..frame.scene import Scene
from ..frame.stage_rows import label_room, stage_rows
from .chains import CHAINS, Chain, Product, scales

#: The width of a chain from which on the cure's factor stands beside the disease's. Three chains always fit: in the
#: smallest pane, 58 cells wide, each has 18.
_BOTH_FROM = 34
_BETWEEN = 2
#: Cells of a factor and the blank behind it: ×0.0233, ×1.0e-9. The width from which on there is room for one.
_FACTOR, _ONE_FROM = 8, 22
#: Rows of a chain that its sentence leaves at the least, or else the symbol alone is shown; and from which on each
#: chain says what is run.
_LEAST_ROWS, _RUN_FROM = 8, 30
#: The marks of disease and cure.
_MARKS = ("▼", "●")


def title(scene: Scene, width: int) -> str:
    return first_title(
        width,
        tr("what is left of the error signal on its way down, all factors multiplied · log axis · │ marks 1"),
        tr("what is left of the error signal · log axis · │ marks 1"),
        tr("what is left · log axis · │ marks 1"),
        tr("one idea"),
    )


def view(scene: Scene, width: int, height: int) -> list[Line]:
    """The three chains side by side, as far as the wave has come."""
    seed = (scene.experiment or scene.state.experiment).seed
    sides: list[tuple[Product, Product]] = []
    for chain in CHAINS:
        results = [scene.results.get(Simulation(experiment)) for experiment in chain.experiments(seed)]
        failed = next((result for result in results if isinstance(result, Failed)), None)
        if failed is not None:
            return page(wrap(tr(failed.problem), width, "broken"), width, height)
        disease, cure = (Product(result.record) if isinstance(result, Computed) else None for result in results)
        if disease is not None and cure is not None:
            sides.append((disease, cure))
    if len(sides) < len(CHAINS):
        return page([[(tr("computing six networks …"), "dim")]], width, height)
    room = (width - _BETWEEN * (len(CHAINS) - 1)) // len(CHAINS)
    feet = _feet(seed, room, height - _AROUND)
    rows = height - _AROUND - len(feet[0])
    blocks = [
        [*_chain(chain, pair, scale, own, room, rows, scene.state), *foot]
        for chain, pair, (scale, own), foot in zip(CHAINS, sides, scales(sides), feet, strict=True)
    ]
    lines: list[Line] = []
    for row in zip(*blocks, strict=True):
        line: Line = []
        for cell in row:
            line += [*fit(cell, room), (" " * _BETWEEN, "text")]
        lines.append(line[:-1])
    return page(lines, width, height)


#: Lines of a chain that are neither stages nor words: its head, its axis, both results.
_AROUND = 4


def _feet(seed: int, width: int, height: int) -> list[list[Line]]:
    """Under each chain the line that makes it the same idea and, where there is room, what is run: all equally high."""
    said = [_words(chain, width) for chain in CHAINS]
    if height - max(map(len, said)) < _LEAST_ROWS:
        said = [[fit([(chain.formula, "formula")], width)] for chain in CHAINS]
    run = [_run(chain, seed, width) for chain in CHAINS]
    if height - max(map(len, said)) - max(map(len, run)) >= _RUN_FROM:
        most = max(map(len, said))
        said = [[*lines, *([[]] * (most - len(lines))), *told] for lines, told in zip(said, run, strict=True)]
    most = max(map(len, said))
    return [[*lines, *([[]] * (most - len(lines)))] for lines in said]


def _words(chain: Chain, width: int) -> list[Line]:
    """The sentence, and the symbol behind it."""
    lines = wrap(tr(chain.pair.idea), width, "strong")
    formula: Span = (chain.formula, "formula")
    if lines and width_of([*lines[-1], ("  ", "text"), formula]) <= width:
        return [*lines[:-1], [*lines[-1], ("  ", "text"), formula]]
    return [*lines, [formula]]


def _run(chain: Chain, seed: int, width: int) -> list[Line]:
    """Both experiments of a chain: the disease's whole, and what the cure changes in it."""
    disease, cure = chain.experiments(seed)
    lines = wrap(f"▼ {describe(disease.resolved, 1)}", width, "label")
    return [*lines, *wrap(f"● {differing(disease, cure)}", width, "label")]


# -- a chain -----------------------------------------------------------------------------------------------


def _chain(
    chain: Chain, pair: tuple[Product, Product], scale: LogScale, own: bool, width: int, height: int, state: State
) -> list[Line]:
    """Head, axis, a row for each stage or group of neighbours (disease ▼, cure ●), and what has come of both, as far as
    the wave has gone.
    """
    count, first = len(pair[0].values), pair[0].first
    rows = stage_rows(count, max(height, 1), first)
    label = label_room(count, max(height, 1), first)
    numbers = (width >= _ONE_FROM) + (width >= _BOTH_FROM)
    margin = label + 1 + _FACTOR * numbers
    room = max(width - margin, 4)
    done = passed(state, len(rows))
    lines = [_head(chain, pair, width), _axis(scale, own, margin, room)]
    for line in range(height):
        # Where there are more lines than rows, a row is as thick as they allow.
        place, begins = (
            line * len(rows) // height,
            line == 0 or line * len(rows) // height > (line - 1) * len(rows) // height,
        )
        row = rows[place]
        text: Line = [((row.label(label) if begins else "").rjust(label) + " ", "label")]
        if place >= done:
            lines.append([*text, (" " * (_FACTOR * numbers), "text"), *_empty(scale, room)])
            continue
        front = place == done - 1 and done < len(rows)
        for side in pair[:numbers]:
            factor = row.product(side.factors)
            said = f"×{short(factor)}" if begins and factor is not None else ""
            text.append((said.ljust(_FACTOR), "cursor" if front and said else side.style))
        lines.append([*text, *_bars(scale, pair, row.low, room)])
    low = rows[done - 1].low if done else count - 1
    return [*lines, *(_result(mark, side, low, width) for mark, side in zip(_MARKS, pair, strict=True))]


def _head(chain: Chain, pair: tuple[Product, Product], width: int) -> Line:
    """▼ sigmoid → ● ReLU."""
    names = (chain.pair.left, chain.pair.right)
    disease, cure = ((f"{mark} {tr(name)}", side.style) for mark, name, side in zip(_MARKS, names, pair, strict=True))
    return first_fit(width, [disease, ("  →  ", "label"), cure], [disease, (" ", "label"), cure])


def _axis(scale: LogScale, own: bool, margin: int, room: int) -> Line:
    """The ends of the axis over the bars, and before them that it is this chain's own."""
    low = scale.ends[0]
    at = scale.reference(room)
    said = first_fit(margin - 1, [(tr("own scale"), "label")], [(tr("own"), "label")]) if own else []
    ends = low + "1".rjust(at + 1 - len(low)) if at > len(low) else " " * at + "1"
    return [*fit(said, margin), (ends, "label")]


def _empty(scale: LogScale, room: int) -> Line:
    at = scale.reference(room)
    return [(" " * at, "text"), ("│", "reference"), (" " * (room - at - 1), "text")]


def _bars(scale: LogScale, pair: tuple[Product, Product], stage: int, room: int) -> Line:
    """What is left of the disease's, as a bar that ends in ▼, and from there on what the cure has kept, up to ●."""
    disease, cure = pair
    left, kept = (cell_of(scale, side.values[stage], room) for side in pair)
    cells: list[Span] = [(" ", "text")] * room
    cells[scale.reference(room)] = ("│", "reference")
    cells[left:kept] = [("░", cure.style)] * max(kept - left, 0)
    cells[:left] = [(glyph, disease.style) for glyph in bar(scale, disease.values[stage], room)[:left]]
    cells[kept] = (_MARKS[1], cure.style)
    cells[left] = (_MARKS[0], disease.style)
    return runs(cells)


#: How many factors there are, by what the stages of the chain's experiments are.
_COUNTED: dict[str, English] = {"layer": "({count} layers)", "time": "({count} steps)"}


def _result(mark: str, side: Product, low: int, width: int) -> Line:
    """0.2361²⁹ = 6.6e-19, as far as stage low: a calculator agrees."""
    count, total = side.last - low, side.values[low]
    style = side.style
    bare: Line = [(f"{mark} {short(total)}", style)]
    if not count:
        return bare
    _, base = power(total, count)
    whole: Line = [(f"{mark} {base}{superscript(count)} = {short(total)}", style)]
    narrow: Line = [(f"{mark} {base}{superscript(count)}={short(total)}", style)]
    # A base with fewer digits would be another equation: three digits to the 29th are up to a tenth beside.
    where = tr(_COUNTED[side.record.axis], count=count)
    return first_fit(width, [*whole, (f" {where}", "dim")], whole, narrow, bare)
