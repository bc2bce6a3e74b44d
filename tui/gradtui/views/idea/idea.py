"""The one idea: three cures side by side as the same product, each against its disease."""

from __future__ import annotations

from gradtui_engine.core.figures import power, rounded, short, superscript
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
from ..frame.stage_rows import StageRow, stage_rows
from .chains import Chain, Product, chains_of, scales

_BETWEEN = 2
#: The width of a chain from which on the factors of both stand before its bars; from which on they have three digits,
#: ×0.0233, ×1.0e-9, and the row's label both of its ends. Three chains always fit: in the smallest pane, 58 cells wide,
#: each has 18.
_FACTORS_FROM, _WIDE_FROM = 22, 34
#: Cells of the two factors and the blanks behind them: the cure's is near 1, and two digits of it are enough.
_NARROW, _WIDE = (8, 6), (8, 8)
#: Rows of a chain that its sentence leaves at the least, or else the symbol alone is shown.
_LEAST_ROWS = 8
#: The marks of disease and cure.
_MARKS = ("▼", "●")


def title(scene: Scene, width: int) -> str:
    return first_title(
        width,
        tr("what is left of the error signal on its way down, all factors multiplied · a log axis for each"),
        tr("what is left of the error signal · a log axis for each"),
        tr("what is left · a log axis for each"),
        tr("one idea"),
    )


def view(scene: Scene, width: int, height: int) -> list[Line]:
    """The three chains side by side, as far as the wave has come."""
    seed = (scene.experiment or scene.state.experiment).seed
    chains, sides = chains_of(scene.state), list[tuple[Product, Product]]()
    for chain in chains:
        results = [scene.results.get(Simulation(experiment)) for experiment in chain.experiments(seed)]
        failed = next((result for result in results if isinstance(result, Failed)), None)
        if failed is not None:
            return page(wrap(tr(failed.problem), width, "broken"), width, height)
        disease, cure = (Product(result.record) if isinstance(result, Computed) else None for result in results)
        if disease is not None and cure is not None:
            sides.append((disease, cure))
    if len(sides) < len(chains):
        return page([[(tr("computing six networks …"), "dim")]], width, height)
    room = (width - _BETWEEN * (len(chains) - 1)) // len(chains)
    feet = _feet(chains, sides, seed, room, height - _AROUND)
    rows, thick = _rows(sides, height - _AROUND - len(feet[0]))
    most = thick * max(map(len, rows))
    blocks = [
        [*_chain(pair, scale, each, thick, room, most, scene.state, _head(chain, pair, room)), *foot]
        for chain, pair, scale, each, foot in zip(chains, sides, scales(sides), rows, feet, strict=True)
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


def _rows(sides: list[tuple[Product, Product]], height: int) -> tuple[list[tuple[StageRow, ...]], int]:
    """The rows of each chain, and of how many lines every one of them is: where some were thicker than others, these
    would look like more layers.
    """
    rows = [stage_rows(len(disease.values), max(height, 1), disease.first) for disease, _ in sides]
    return rows, max(1, height // max(map(len, rows)))


def _feet(
    chains: tuple[Chain, ...], sides: list[tuple[Product, Product]], seed: int, width: int, height: int
) -> list[list[Line]]:
    """Under each chain the line that makes it the same idea and, where the rows leave room, what is run: all equally
    high.
    """
    said = _even([_words(chain, width) for chain in chains])
    if height - len(said[0]) < _LEAST_ROWS:
        said = _even([[_symbol(chain, width)] for chain in chains])
    left = height - len(said[0])
    rows, thick = _rows(sides, left)
    run = _even([_run(chain, seed, width) for chain in chains])
    if thick * max(map(len, rows)) + len(run[0]) <= left:
        said = [[*lines, *told] for lines, told in zip(said, run, strict=True)]
    return said


def _even(blocks: list[list[Line]]) -> list[list[Line]]:
    most = max(map(len, blocks))
    return [[*lines, *([[]] * (most - len(lines)))] for lines in blocks]


def _words(chain: Chain, width: int) -> list[Line]:
    """The sentence, and behind it the symbol and what it is."""
    *lines, last = wrap(tr(chain.pair.idea), width, "strong")
    for symbol in (chain.symbol, chain.brief) if width < _WIDE_FROM else (chain.symbol,):
        together: Line = [*last, ("  ", "text"), (tr(symbol), "formula")]
        if width_of(together) <= width:
            return [*lines, together]
    return [*lines, last, _symbol(chain, width)]


def _symbol(chain: Chain, width: int) -> Line:
    forms = (tr(chain.symbol), tr(chain.brief), chain.formula)
    return first_fit(width, *([(text, "formula")] for text in forms))


def _run(chain: Chain, seed: int, width: int) -> list[Line]:
    """Both experiments of a chain: the disease's whole, and what the cure changes in it."""
    disease, cure = chain.experiments(seed)
    lines = wrap(f"▼ {describe(disease.resolved, 1)}", width, "label")
    return [*lines, *wrap(f"● {differing(disease, cure)}", width, "label")]


# -- a chain -----------------------------------------------------------------------------------------------


def _chain(
    pair: tuple[Product, Product],
    scale: LogScale,
    rows: tuple[StageRow, ...],
    thick: int,
    width: int,
    height: int,
    state: State,
    head: Line,
) -> list[Line]:
    """Head, axis, a row for each stage or group of neighbours (disease ▼, cure ●), and what has come of both, as far as
    the wave has gone. All rows are equally thick; what is left of the height stays blank.
    """
    columns = _WIDE if width >= _WIDE_FROM else _NARROW if width >= _FACTORS_FROM else ()
    label = max(len(row.label(99 if columns != _NARROW else 2)) for row in rows)
    room = max(width - label - 1 - sum(columns), 4)
    done = passed(state, len(rows))
    lines = [head, _axis(scale, label, columns, room)]
    for place, row in enumerate(rows):
        front = place == done - 1 and done < len(rows)
        bars = _bars(scale, pair, row.low, room) if place < done else _empty(scale, room)
        for line in range(thick):
            text: Line = [((row.label(label) if line == 0 else "").rjust(label) + " ", "label")]
            for side, cells in zip(pair, columns, strict=False):
                said = _factor(row.product(side.factors), cells) if place < done and line == 0 else ""
                text.append((said.ljust(cells), "cursor" if front and said else side.style))
            lines.append([*text, *bars])
    low = rows[done - 1].low if done else len(pair[0].values) - 1
    blank: list[Line] = [[]] * (height - thick * len(rows))
    return [*lines, *blank, *(_result(mark, side, low, width) for mark, side in zip(_MARKS, pair, strict=True))]


def _factor(factor: float | None, cells: int) -> str:
    if factor is None:
        return ""
    return f"×{short(factor) if cells >= _WIDE[0] else rounded(factor, 2)}"


def _head(chain: Chain, pair: tuple[Product, Product], width: int) -> Line:
    """▼ sigmoid → ● ReLU."""
    names = (chain.pair.left, chain.pair.right)
    disease, cure = ((f"{mark} {tr(name)}", side.style) for mark, name, side in zip(_MARKS, names, pair, strict=True))
    return first_fit(width, [disease, ("  →  ", "label"), cure], [disease, (" ", "label"), cure])


def _axis(scale: LogScale, label: int, columns: tuple[int, ...], room: int) -> Line:
    """Whose factors stand in which column; the axis' ends, and its 1, over the bars."""
    low, high = scale.ends
    at = scale.reference(room)
    ends = low + "1".rjust(at + 1 - len(low)) if at > len(low) else " " * at + "1"
    if scale.high > 0 and len(ends) + len(high) < room:
        ends += high.rjust(room - len(ends))
    heads = "".join(mark.ljust(cells) for mark, cells in zip(_MARKS, columns, strict=False))
    return [(" " * (label + 1) + heads + ends, "label")]


def _empty(scale: LogScale, room: int) -> Line:
    at = scale.reference(room)
    return [(" " * at, "text"), ("│", "reference"), (" " * (room - at - 1), "text")]


def _bars(scale: LogScale, pair: tuple[Product, Product], stage: int, room: int) -> Line:
    """What is left of the disease's, as a bar that ends in ▼, and from there on what the cure has kept, up to ●. Where
    neither stands on 1, the line does.
    """
    disease, cure = pair
    left, kept = (cell_of(scale, side.values[stage], room) for side in pair)
    cells: list[Span] = [(" ", "text")] * room
    cells[left:kept] = [("░", cure.style)] * max(kept - left, 0)
    cells[:left] = [(glyph, disease.style) for glyph in bar(scale, disease.values[stage], room)[:left]]
    cells[scale.reference(room)] = ("│", "reference")
    cells[kept] = (_MARKS[1], cure.style)
    cells[left] = (_MARKS[0], disease.style)
    return runs(cells)


#: How many factors there are, by what the stages of the chain's experiments are.
_COUNTED: dict[str, English] = {"layer": "({count} layers)", "block": "({count} blocks)", "time": "({count} steps)"}


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
