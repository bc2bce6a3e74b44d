"""Rules about what is wired to what: gradients that nobody clears, parameters without one, or without an optimizer."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from ..core.figures import counted, percent
from ..core.message import Message, Verbatim
from ..core.numerics import Array
from .facts import Facts
from .kind import ERROR, NOTE, WARNING, Found, Numbers

#: Two events show nothing: a branch may be left out of one, and of the next.
LEAST = 3
#: Of the events after the first. A clearing that is forgotten is forgotten always, or but for every k-th step.
STALE = 0.5


def stale_gradient(facts: Facts) -> Found | None:
    """The gradient was not cleared since the step before: it is the sum of all batches so far. An event says so of its
    step, and of those since the event before.
    """
    stale = facts.columns.stale[1:]
    if len(stale) < 2 or stale.mean() < STALE:
        return None
    event = int(np.argmax(facts.columns.stale))
    before = facts.columns.gradient_before
    evidence: Numbers = {"share_of_steps": float(stale.mean())}
    if np.isfinite(before[0]) and np.isfinite(before[event]) and before[0] > 0:
        evidence["gradient_times"] = float(np.nanmax(np.where(np.isfinite(before), before, np.nan)) / before[0])
    return Found(
        None,
        facts.step_of(event),
        ERROR,
        Message("the gradient is not cleared between steps: each update has the gradients of all batches before in it"),
        evidence,
    )


# -- no gradient ---------------------------------------------------------------------------------------------


def no_gradient(facts: Facts) -> Found | None:
    """A trainable parameter that its optimizer steps with never has a gradient."""
    rows = facts.header.parameters
    gradient = facts.parameter("grad")
    known = np.isfinite(gradient) | facts.columns.parameters_nan["grad"] | np.isinf(gradient)
    asked = facts.stepped & ~facts.columns.skipped[:, None]
    if not asked.size:
        return None
    often = asked.sum(0) >= LEAST
    trainable = np.array([row.trainable and row.optimizer is not None for row in rows])
    weights = facts.parameter("weight")
    # What is trained in steps between the recorded ones alone, every fifth, say, moves nevertheless.
    missing = [
        int(index)
        for index in np.flatnonzero(trainable & often & ~(known & asked).any(0))
        if not _changes(weights[:, index])
    ]
    if not missing:
        return None
    if len(missing) == int((trainable & often).sum()):
        return _nothing_arrives(facts, missing)
    modules = _in_order(facts, {rows[index].module for index in missing})
    reached = [name for name in modules if name in facts.columns_of]
    if not reached:
        return _never_called(facts, modules, missing)
    if _is_behind(facts, reached):
        return _not_used(facts, modules, missing)
    # Behind the last of them in a row the graph is cut.
    layer = reached[0]
    following = {name: index for index, name in enumerate(facts.weighted)}
    for name in reached[1:]:
        if following.get(name, -1) != following.get(layer, -2) + 1:
            break
        layer = name
    return Found(
        layer or None,
        facts.step_of(0),
        ERROR,
        Message(
            "no gradient ever reaches {layer}, which is to be trained: {count} numbers stay as they are",
            layer=facts.place(layer), count=counted(sum(rows[index].size for index in missing)),
        ),
        {
            "parameters": [rows[index].name for index in missing], "layers": modules,
            "numbers": sum(rows[index].size for index in missing),
        },
        Message(
            "its output is cut off from the loss: detach(), .data, torch.no_grad(), or a way through NumPy; or nothing "
            "of it goes into the loss"
        ),
    )  # fmt: skip


def _nothing_arrives(facts: Facts, missing: Sequence[int]) -> Found:
    before = facts.columns.gradient_before
    cleared = bool((np.where(np.isfinite(before), before, 0.0) > 0).any())
    message = (
        Message("the gradients are cleared between backward and step: the optimizer gets none")
        if cleared
        else Message("no gradient reaches any parameter: the loss is not connected with the model")
    )
    cause = (
        Message("zero_grad() stands between loss.backward() and optimizer.step()")
        if cleared
        else Message("the loss was cut off: loss.detach(), loss.item(), torch.no_grad(), or a new tensor made of it")
    )
    remedy = (
        "optimizer.zero_grad()\nloss.backward()\noptimizer.step()"
        if cleared
        else "loss = criterion(model(x), y)  # no detach(), no item(), no torch.tensor(loss)\nloss.backward()"
    )
    return Found(
        None,
        facts.step_of(0),
        ERROR,
        message,
        {"parameters": [facts.header.parameters[index].name for index in missing]},
        cause,
        remedy,
    )


def _is_behind(facts: Facts, reached: Sequence[str]) -> bool:
    """Whether all of them come after the last module that gets a gradient."""
    learning = [name for name in facts.weighted if (facts.gradients[name] > 0).any()]
    places = {name: index for index, name in enumerate(facts.order)}
    return bool(learning) and all(places[name] > places[learning[-1]] for name in reached)


def _not_used(facts: Facts, modules: Sequence[str], missing: Sequence[int]) -> Found:
    """Modules at the end whose outputs nothing is made of: BERT's pooler where the hidden states are used, a head whose
    loss is not added. A note, as the rest learns without it; what a detach() in the middle cuts off stands before
    modules that do get a gradient.
    """
    rows = facts.header.parameters
    return Found(
        modules[0] or None,
        facts.step_of(0),
        NOTE,
        Message("nothing of {layer}, which is called last, goes into the loss", layer=facts.place(modules[0])),
        {"parameters": [rows[index].name for index in missing], "layers": list(modules)},
        Message("its output is not used (a pooler, a head of another task), or its loss is not added to the others"),
        "loss = main_loss + 0.1 * other_loss  # or leave the module out",
    )


def _never_called(facts: Facts, modules: Sequence[str], missing: Sequence[int]) -> Found:
    """Modules that never run. An expert that no sample is sent to is a note: there are others of its kind that do."""
    rows = facts.header.parameters
    idle = all(_is_expert(facts, name) for name in modules)
    return Found(
        modules[0] or None,
        facts.step_of(0),
        NOTE if idle else WARNING,
        Message("nothing was sent to {layer} in any recorded step", layer=facts.place(modules[0]))
        if idle
        else Message("{layer} is to be trained, and is never called", layer=facts.place(modules[0])),
        {"parameters": [rows[index].name for index in missing], "layers": list(modules)},
        Message("the router sends no sample to it")
        if idle
        else Message("forward() does not use it (it was forgotten, or is left over), or under torch.no_grad() alone"),
        "# balance the router, by an auxiliary loss for instance (Shazeer et al. 2017)\n"
        "load = gate_probabilities.mean(0)\nloss = loss + 0.01 * len(load) * (load * load).sum()"
        if idle
        else None,
    )


def _is_expert(facts: Facts, module: str) -> bool:
    """Whether a router decides whether it is called: it is said to be an expert, or others like it are not always
    called.
    """
    above = [name for name in facts.modules if module == name or module.startswith(f"{name}.")]
    words = " ".join([module, *(facts.modules[name].kind for name in above)]).lower()
    if "expert" in words or "moe" in words.split():
        return True
    pattern = re.sub(r"\d+", "*", module)
    alike = [name for name in facts.order if name != module and re.sub(r"\d+", "*", name) == pattern]
    return any(np.isnan(facts.largest("rms", name)).any() for name in alike)


def _in_order(facts: Facts, modules: set[str]) -> list[str]:
    """Those that were called in forward order, then the others in the header's."""
    rest = [row.module for row in facts.header.parameters]
    return [name for name in dict.fromkeys([*facts.order, *rest]) if name in modules]


# -- optimizers ----------------------------------------------------------------------------------------------


def not_updated(facts: Facts) -> Found | None:
    """An optimizer that never steps: what it has to train stays as it was.

    It is known where its weights are, or where steps running were recorded; of every tenth step alone it is a note.
    """
    rows = facts.header.parameters
    owners = sorted({row.optimizer for row in rows if row.optimizer is not None and row.trainable})
    if facts.count == 0:
        return _no_step(facts)
    if facts.count < LEAST or not facts.columns.stepped.any():
        return None
    for owner in owners:
        if owner >= facts.columns.stepped.shape[1] or facts.columns.stepped[:, owner].any():
            continue
        own = [index for index, row in enumerate(rows) if row.optimizer == owner]
        # One that steps in between the recorded steps moves its weights.
        if any(_changes(facts.parameter("weight")[:, index]) for index in own):
            continue
        modules = _in_order(facts, {rows[index].module for index in own})
        name = str(facts.header.optimizers[owner].get("name", owner))
        known = any(np.isfinite(facts.parameter("weight")[:, index]).sum() > 1 for index in own)
        return Found(
            modules[0] or None,
            facts.step_of(0),
            ERROR if known or _in_a_row(facts) >= _IN_A_ROW else NOTE,
            Message(
                "{optimizer}, which has {layer} to train, never steps: {count} numbers stay as they are",
                optimizer=Verbatim(name), layer=facts.place(modules[0]), count=counted(sum(rows[i].size for i in own)),
            ),
            {"optimizer": owner, "parameters": [rows[index].name for index in own], "layers": modules},
        )  # fmt: skip
    return None


#: An optimizer that steps every fifth time (a critic's generator) is seen in so many steps running.
_IN_A_ROW = 6


def _in_a_row(facts: Facts) -> int:
    """How many steps running were recorded, at the most: of every tenth alone it is not known what the others do."""
    breaks = np.flatnonzero(np.diff(facts.columns.steps) != 1)
    return int(np.diff([-1, *breaks, facts.count - 1]).max())


def _no_step(facts: Facts) -> Found | None:
    """Losses went backward, and nobody ever stepped."""
    ended = facts.recording.ended
    if ended is None or not ended.is_waiting or ended.step > 0 or not facts.header.optimizers:
        return None
    return Found(
        None,
        0,
        ERROR,
        Message("the optimizer never steps: gradients were computed, and all parameters are as they were"),
        {"numbers": sum(row.size for row in facts.header.parameters)},
    )


def _changes(values: Array) -> bool:
    known = values[np.isfinite(values)]
    return len(known) > 1 and bool((known != known[0]).any())


def not_optimized(facts: Facts) -> Found | None:
    """A gradient reaches parameters that no optimizer has.

    What gets no gradient (a target network, a copy of averages) is none. Where the last layer is optimized and all that
    is not comes before, or most of the numbers are not, and it learns, it may have been meant (a head on a backbone,
    LoRA): a warning, as what is meant to be frozen is to say so by requires_grad.
    """
    rows = facts.header.parameters
    if not facts.header.optimizers or facts.count < LEAST:
        return None
    left_out = [
        index
        for index, row in enumerate(rows)
        if row.trainable and row.optimizer is None and not _is_stepped_later(facts, index)
    ]
    reached = [index for index in left_out if _gets_gradient(facts, index)]
    if not reached:
        return None
    modules = _in_order(facts, {rows[index].module for index in reached})
    numbers = sum(rows[index].size for index in reached)
    share = numbers / max(sum(row.size for row in rows if row.trainable), 1)
    optimized = {row.module for row in rows if row.optimizer is not None}
    order = {name: index for index, name in enumerate(facts.order)}
    # A backbone: all of it before what is trained.
    trained = [order[name] for name in optimized if name in order]
    before = bool(trained) and all(order.get(name, -1) < max(trained) for name in modules)
    ends = bool(trained) and all(name in optimized for name in facts.last_weighted)
    meant = (before and ends) or (share > 0.5 and bool(trained))
    severity = ERROR
    if meant:
        severity = ERROR if facts.learning is False else WARNING
    return Found(
        modules[0] or None,
        facts.step_of(0),
        severity,
        Message(
            "gradients reach {layer}, but no optimizer has its parameters: {count} numbers stay as they are",
            layer=facts.place(modules[0]), count=counted(numbers),
        ),
        {"parameters": [rows[index].name for index in reached], "layers": modules, "share": share},
        Message("{share} of the numbers are left out: gradients are computed for them in vain", share=percent(share))
        if meant
        else Message("the layer was made, or replaced, after the optimizer; or it was left out of its parameters"),
        "for parameter in model.get_submodule(\"$layer\").parameters():\n    parameter.requires_grad_(False)"
        if meant
        else None,
    )  # fmt: skip


def _is_stepped_later(facts: Facts, index: int) -> bool:
    """Whether an optimizer has stepped with a parameter that none had at the start: layers are unfrozen one by one."""
    return bool(np.isfinite(facts.parameter("update")[:, index]).any())


def _gets_gradient(facts: Facts, index: int) -> bool:
    gradient = facts.parameter("grad")[:, index]
    if (np.isfinite(gradient) & (gradient > 0)).any():
        return True
    module = facts.header.parameters[index].module
    while module and module not in facts.columns_of:
        module = module.rpartition(".")[0]
    return module in facts.gradients and bool((facts.gradients[module] > 0).any())


def frozen(facts: Facts) -> Found | None:
    """Parameters that are not trainable: a note, as somebody wanted it, mostly."""
    rows = [
        row
        for index, row in enumerate(facts.header.parameters)
        if not row.trainable and not _is_stepped_later(facts, index)
    ]
    if not rows:
        return None
    modules = _in_order(facts, {row.module for row in rows})
    numbers = sum(row.size for row in rows)
    share = numbers / max(sum(row.size for row in facts.header.parameters), 1)
    return Found(
        modules[0] or None,
        None,
        NOTE,
        Message("{share} of all parameters are frozen: {count} numbers", share=percent(share), count=counted(numbers)),
        {"share": share, "numbers": numbers, "parameters": len(rows), "layers": modules[:20]},
    )
