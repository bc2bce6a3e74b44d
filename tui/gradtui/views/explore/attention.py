"""The attention pane: what each token attends to in the selected block, its entropy, and how alike tokens become."""

from __future__ import annotations

import itertools
import math
from collections.abc import Hashable

import numpy as np

from gradtui_engine.analysis.branches import entropy
from gradtui_engine.core.figures import short
from gradtui_engine.program.slots import ATTENTION, Slot

from ...text.heat import Array, heat_rows, legend
from ...text.language import tr
from ...text.spans import Line, first_fit, first_title, page, wrap
from ...text.undefined import defined
from ..frame.parts import Part, kept
from ..frame.scene import Scene

#: Cells of a token in the map, so that it is about as wide as it is tall.
_ACROSS = 2


def _block(scene: Scene) -> int:
    return max(scene.stage, 1)


def _head(scene: Scene, heads: int) -> int:
    """The head that is looked at: the unit's keys walk through heads here."""
    return scene.unit % heads


def _weights(scene: Scene) -> Array:
    """(heads, tokens, batch, tokens) of the selected block."""
    return scene.listed.values[Slot(ATTENTION, _block(scene)).name]


def title(scene: Scene, width: int) -> str:
    weights = _weights(scene)
    values = {
        "head": _head(scene, len(weights)) + 1, "heads": len(weights), "place": scene.name(_block(scene))
    }  # fmt: skip
    return first_title(
        width,
        tr("attention of {place} · head {head} of {heads}", **values),
        tr("attention · head {head} of {heads}", **values),
        tr("attention"),
    )


def view(scene: Scene, width: int, height: int) -> list[Line]:
    """The map of one head, averaged over the samples; the numbers of all blocks below it."""
    weights = _weights(scene)
    head, tokens = _head(scene, len(weights)), weights.shape[1]
    with np.errstate(all="ignore"):
        mean = weights[head].mean(axis=1)
        spread = entropy(weights)[head]
    most = math.log(tokens)
    says = tr(
        "entropy {entropy} of ln {tokens} = {most} nats", entropy=short(float(spread)), tokens=tokens, most=short(most)
    )
    rows = tr("row: who looks; column: at whom; mean over samples")
    wanted = min(tokens, max(3, height // 2))
    parts = [
        Part(0, tuple(wrap(says, width, "strong"))),
        Part(4, tuple(wrap(rows, width, "dim"))),
        Part(1, least=min(wanted, 3), draw=lambda room: _map(mean, width, min(room, tokens))),
        Part(3, (legend(0.0, _top(mean)),)),
        Part(2, tuple(_blocks(scene, width, max(0, height - wanted - 4)))),
    ]
    return page(kept(parts, height), width, height)


def _top(mean: Array) -> float:
    """The shades go up to the largest weight, and at least to twice that of uniform attention."""
    finite = mean[np.isfinite(mean)]
    return max(float(finite.max(initial=0.0)), 2.0 / len(mean))


def _map(mean: Array, width: int, rows: int) -> list[Line]:
    """Tokens that share a line or a column are averaged."""
    if rows < 1:
        return []
    across = _ACROSS if len(mean) * _ACROSS <= width else 1
    shown = _pooled(_pooled(mean, rows).T, min(len(mean), width // across)).T
    return heat_rows(np.repeat(shown, across, axis=1), 0.0, _top(mean))


def _pooled(values: Array, rows: int) -> Array:
    """So many rows, each the mean of those that fall together."""
    if rows >= len(values):
        return values
    edges = np.linspace(0, len(values), rows + 1).astype(int)
    return np.stack([values[start:end].mean(axis=0) for start, end in itertools.pairwise(edges)])


def _blocks(scene: Scene, width: int, rows: int) -> list[Line]:
    """Entropy and the tokens' similarity of the blocks around the selected one; 1/√T beside them, which is theory's."""
    tokens = _weights(scene).shape[1]
    head = tr(
        "cosine of tokens: 1 is rank collapse; uniform attention keeps 1/√T = {factor} of one token's gradient",
        factor=short(1 / math.sqrt(tokens)),
    )
    lines = wrap(head, width, "dim")
    room = rows - len(lines)
    if room < 1:
        return []
    last = len(scene.stages) - 1
    first = max(0, min(scene.stage - room // 2, last - room + 1))
    for index in range(min(last, first + room - 1), first - 1, -1):
        stage = scene.stages[index]
        cosine = short(defined(stage.token_similarity, scene.record))
        spread = "" if stage.attention_entropy is None else short(stage.attention_entropy)
        style = "cursor" if index == scene.stage else "text"
        facts = tr("cosine {cosine}", cosine=cosine)
        more = f"{facts}  {tr('entropy {entropy}', entropy=spread)}" if spread else facts
        lines.append(first_fit(width, [(f"{index:>4} ", "label"), (more, style)], [(more, style)], []))
    return lines


def reads(scene: Scene) -> Hashable:
    return scene.stage, scene.unit
