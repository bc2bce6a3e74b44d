"""The stages of a recorded model: its modules with weights, in the order of the forward pass.

h of a stage is the last output before the next module with weights: behind a convolution its normalisation and ReLU.
What is shown of its activation is the statistics of what follows, too. A normalisation's own parameters belong to the
stage before it, and so do those of modules that are never called themselves (MultiheadAttention.out_proj): to the one
that they are a part of. A module that is called several times is a stage each time.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from .columns import Call
from .header import Header

#: From more stages on, those of one numbered block (layers.0.…) are one. A transformer of 12 layers has 74.
MOST_STAGES = 60
#: A model of thousands of modules that no block has: each takes 50 µs of a step's record.
_MOST_SHOWN = 500
#: layers.0, encoder.layer.11: the deepest one that a name is inside of.
_BLOCK = re.compile(r"(?:.*\.)?\d+(?=\.)")


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage. place is its name: the module's, with the call where there are several.

    columns are the calls (columns of `Columns.activations`) from the module with weights on to the last one before the
    next; the last of them is h. parameters are the indices of its own ones.
    """

    place: str
    module: str
    call: int
    columns: tuple[int, ...]
    parameters: tuple[int, ...]


def stages_of(header: Header, calls: Sequence[Call], once: Collection[str] = ()) -> tuple[Stage, ...]:
    """The stages as they are shown. `once` are modules that are one stage, however often they are called.

    Where there would be more than MOST_STAGES, those of a block are one, and then those of one module.
    """
    stages = _once(every_stage(header, calls), once)
    if len(stages) > MOST_STAGES:
        stages = folded(stages)
    if len(stages) > MOST_STAGES:
        stages = _once(stages, {stage.module for stage in stages})
    return _bounded(stages)


def every_stage(header: Header, calls: Sequence[Call]) -> tuple[Stage, ...]:
    """All of them, none folded. Where no call was recorded, the modules that have parameters."""
    owned = _owned(header, calls)
    if not calls:
        return tuple(Stage(name or "model", name, 0, (), own) for name, own in owned.items() if own)
    begins = _begins(header, calls, owned)
    starts = [index for index, call in enumerate(calls) if call.module in begins]
    if not starts:
        return ()
    often = {call.module for call in calls if call.call}
    stages = []
    # What is computed before the first weights belongs to the first stage.
    for start, first, end in zip(starts, [0, *starts[1:]], [*starts[1:], len(calls)], strict=True):
        call, columns = calls[start], tuple(range(first, end))
        own = dict.fromkeys(
            each
            for module in (call.module, *(calls[index].module for index in columns))
            for each in owned.get(module, ())
        )
        place = call.module or "model"
        if call.module in often:
            place = f"{place} · {call.call + 1}"
        stages.append(Stage(place, call.module, call.call, columns, tuple(own)))
    return tuple(stages)


def _begins(header: Header, calls: Sequence[Call], owned: Mapping[str, tuple[int, ...]]) -> set[str]:
    """The modules that begin a stage: with parameters of their own, no normalisations, and not made of such modules.

    A block with a parameter of its own (a scale, a class token) is over when its last module is: the stage is that
    one's, and has the parameter too.
    """
    norms = {row.name for row in header.modules if row.is_norm}
    weighted = {call.module for call in calls if owned.get(call.module)} - norms
    whole = {""} if len(weighted) > 1 else set()
    for name in weighted:
        parts = name.split(".")
        whole.update(".".join(parts[:length]) for length in range(1, len(parts)))
    return weighted - whole


def _owned(header: Header, calls: Sequence[Call]) -> dict[str, tuple[int, ...]]:
    """The parameters of each module by index, in the order of the modules; a tied one belongs to all that have it."""
    called = {call.module for call in calls}
    # Of a module with 100,000 parameters a list would be searched as often.
    names: dict[str, dict[int, None]] = {row.name: {} for row in header.modules}
    other_names = {name: group for group in header.tied for name in group}
    for index, row in enumerate(header.parameters):
        for name in other_names.get(row.name, (row.name,)):
            owner = name.rpartition(".")[0]
            while calls and owner not in called and owner:
                owner = owner.rpartition(".")[0]
            names.setdefault(owner, {})[index] = None
    return {name: tuple(indices) for name, indices in names.items()}


def folded(stages: Sequence[Stage]) -> tuple[Stage, ...]:
    """Neighbours inside of one numbered block as one stage, and the calls of one module, one after the other."""
    blocks: list[list[Stage]] = []
    for stage in stages:
        if blocks and _block(blocks[-1][-1]) == _block(stage):
            blocks[-1].append(stage)
        else:
            blocks.append([stage])
    places = [_block(block[0]) if len(block) > 1 else block[0].place for block in blocks]
    total, so_far = Counter(places), Counter[str]()
    together = []
    for place, block in zip(places, blocks, strict=True):
        so_far[place] += 1
        together.append(_as_one(block, place if total[place] == 1 else f"{place} · {so_far[place]}"))
    return tuple(together)


def _as_one(block: Sequence[Stage], place: str) -> Stage:
    """Neighbours as one stage, whose h is that of the last."""
    return replace(
        block[-1],
        place=place,
        columns=tuple(column for stage in block for column in stage.columns),
        parameters=tuple(dict.fromkeys(each for stage in block for each in stage.parameters)),
    )


def _bounded(stages: Sequence[Stage]) -> tuple[Stage, ...]:
    """No more than can be shown: as many neighbours as it takes are one stage, under the first one's name."""
    size = -(-len(stages) // _MOST_SHOWN)
    if size <= 1:
        return tuple(stages)
    return tuple(_as_one(stages[start : start + size], stages[start].place) for start in range(0, len(stages), size))


def _once(stages: Sequence[Stage], modules: Collection[str]) -> tuple[Stage, ...]:
    """Of several calls of one of these modules the last one, for all of them."""
    last = {stage.module: index for index, stage in enumerate(stages) if stage.module in modules}
    own: dict[str, dict[int, None]] = {}
    for stage in stages:
        own.setdefault(stage.module, {}).update(dict.fromkeys(stage.parameters))
    return tuple(
        replace(stage, place=stage.place.partition(" · ")[0], parameters=tuple(own[stage.module]))
        if stage.module in last
        else stage
        for index, stage in enumerate(stages)
        if last.get(stage.module, index) == index
    )


def _block(stage: Stage) -> str:
    found = _BLOCK.match(stage.module)
    return found[0] if found else stage.module
