"""What a change of an experiment or a training is in PyTorch: one table, from fields that change to lines of Python.

The lines take it that `torch`, `nn` and `math` are imported, that the network is `model`, its recurrent module `lstm`,
`gru` or `rnn` and its last nn.Linear `output`, that the batch is `inputs` and `target`, and the optimiser `optimizer`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ..cells.residual_blocks import BLOCKS, NORM
from ..core.figures import typed
from ..core.message import Message
from ..rules.optimisers import OPTIMISERS
from . import pytorch_blocks, pytorch_tokens, pytorch_weights
from . import pytorch_gates as gates
from . import pytorch_names as names
from .pytorch_blocks import activation_of, norm_of
from .pytorch_line import Line as Line
from .pytorch_line import Lines
from .resolved import DECIDED_BY_FILE, RATES_OF_LAYERS, Resolved

if TYPE_CHECKING:
    from .training import Training


# -- modules ------------------------------------------------------------------------------------------------


def _network(was: Resolved, now: Resolved) -> Iterator[Line]:
    if now.kind.tokens:
        yield from pytorch_tokens.network(now, activation_of(now))
        return
    inputs = "inputs.shape[-1]" if now.inputs is None else str(now.inputs)
    if not now.kind.over_time:
        if now.widths:
            widths = ", ".join(map(str, (inputs, *now.widths)))
            yield Line(f"widths = [{widths}]")
            yield Line("[nn.Linear(a, b) for a, b in zip(widths, widths[1:])]", "the hidden layers")
            return
        others = f"nn.Linear({now.width}, {now.width}) for _ in range({now.depth - 1})"
        code = f"[nn.Linear({inputs}, {now.width}), *({others})]"
        yield Line(code, "the hidden layers")
        return
    own = now.kind.module
    if own is not None:
        yield Line(own.code, Message("PyTorch has no {cell}: a module of your own", cell=now.cell))
    module = names.CELLS.get(now.cell) if own is None else own.name
    if module is None:
        yield Line("", Message("PyTorch has no {cell}: a module of your own", cell=now.cell))
        return
    layers = f", num_layers={now.layers}" if now.layers > 1 else ""
    relu = ', nonlinearity="relu"' if now.cell == "rnn" and now.activation == "relu" else ""
    ring = "".join(f", {name}={typed(getattr(now, name))}" for name in gates.RING) if now.kind.ring else ""
    yield Line(f"{now.cell} = {module}({inputs}, {now.width}{layers}{relu}{ring})")


def _activation(was: Resolved, now: Resolved) -> Iterator[Line]:
    if now.kind.chooses_activation and not now.kind.over_time:
        yield Line(
            activation_of(now), Message("in place of {before}, after each hidden layer", before=activation_of(was))
        )


def _norm(was: Resolved, now: Resolved) -> Iterator[Line]:
    if now.norm == "none":
        yield Line("", Message("no {module} any more", module=norm_of(was)))
    elif now.residual != "none" and NORM in BLOCKS[now.residual_block].last:
        yield Line(norm_of(now), "after each sum of a skip and a branch")
    elif now.norm_position == "before":
        yield Line(norm_of(now), "before each activation")
    else:
        yield Line(norm_of(now), "after each activation")


def _dropout(was: Resolved, now: Resolved) -> Iterator[Line]:
    module = names.DROPOUTS[now.dropout_kind].format(rate=typed(now.dropout))
    if now.kind.over_time:
        if now.layers == 1:
            return
        if now.kind.module is not None:
            yield Line(f"{now.cell}.dropout = {module}", "between its layers, while model.train()")
        elif now.dropout_kind == "inverted" and now.cell in names.CELLS:
            yield Line(f"{now.cell}.dropout = {typed(now.dropout)}", "between its layers, while model.train()")
        else:
            yield Line(module, "between the layers: a cell of one layer for each")
    elif not now.dropout:
        yield Line(
            "", Message("no {module} any more", module=names.DROPOUTS[was.dropout_kind].format(rate=typed(was.dropout)))
        )
    else:
        yield Line(module, "after each activation of a hidden layer")


def _residual(was: Resolved, now: Resolved) -> Iterator[Line]:
    yield from pytorch_blocks.snippets(now)


# -- how parameters start -----------------------------------------------------------------------------------


def _queries(was: Resolved, now: Resolved) -> Iterator[Line]:
    if now.kind.tokens:
        yield from pytorch_tokens.queries(now)


def _weights(was: Resolved, now: Resolved) -> Iterator[Line]:
    for code in pytorch_weights.snippets(now):
        yield Line(code)
    yield from gates.added(dataclasses.replace(was, forget_bias=0.0, input_bias=0.0, update_bias=0.0), now, anew=True)
    yield from gates.timed(now)


def _offsets(was: Resolved, now: Resolved) -> Iterator[Line]:
    yield from gates.added(was, now, anew=False)


# -- the update ---------------------------------------------------------------------------------------------


def _optimiser(was: Resolved, now: Resolved) -> Iterator[Line]:
    name, more = names.OPTIMISERS[now.optimizer]
    more = more.format(momentum=typed(now.momentum))
    if now.weight_decay != OPTIMISERS[now.optimizer].weight_decay:
        more += f", weight_decay={typed(now.weight_decay)}"
    parameters = "model.parameters()"
    own = {layer: getattr(now, field) for layer, field in RATES_OF_LAYERS.items()}
    rates = {layer: rate for layer, rate in own.items() if rate is not None}
    if rates:
        yield Line(_groups(now, rates), "a group of parameters for each layer")
        parameters = "groups"
    yield Line(f"optimizer = torch.optim.{name}({parameters}, lr={typed(now.learning_rate)}{more})")


def _groups(now: Resolved, rates: Mapping[int, float]) -> str:
    """The optimiser's groups where layers have rates of their own."""
    if now.kind.over_time:
        keys: dict[int, tuple[str, ...]] = {layer: (str(layer - 1),) for layer in rates}
        keys[now.layers + 1] = ("output.weight", "output.bias")
        named = ", ".join(f'"{key}": {typed(rate)}' for layer, rate in rates.items() for key in keys[layer])
        return (
            f"rates = {{{named}}}\n"
            'groups = [{"params": [p], "lr": rates.get(name.rpartition("_l")[2], '
            f"{typed(now.learning_rate)})}} for name, p in model.named_parameters()]"
        )
    named = ", ".join(f"{layer}: {typed(rate)}" for layer, rate in rates.items())
    return (
        f"layer, rates, groups = 0, {{{named}}}, []\n"
        "for module in model.modules():\n"
        "    layer += isinstance(module, nn.Linear)\n"
        "    own = [*module.parameters(recurse=False)]\n"
        f'    groups += [{{"params": own, "lr": rates.get(layer, {typed(now.learning_rate)})}}] if own else []'
    )


def _clip(was: Resolved, now: Resolved) -> Iterator[Line]:
    if now.clip == "none":
        yield Line("", "no clipping between loss.backward() and optimizer.step()")
    else:
        code = names.CLIPS[now.clip].format(most=typed(now.clip_threshold or 0.0))
        yield Line(code, "between loss.backward() and optimizer.step()")


def _schedule(after: Training) -> Iterator[Line]:
    """The share of the rate, as `rules.schedules.share` has it; LambdaLR multiplies the rate by nothing else."""
    warmup, length = after.warmup_iterations, after.iterations - after.warmup_iterations
    k = f"(k - {warmup})" if warmup else "k"
    rest = {
        "cosine": f"0.5 * (1.0 + math.cos(math.pi * min(1.0, {k} / {max(1, length)})))",
        "step": f"{typed(after.step_factor)} ** ({k} // {after.step_every_iterations})",
    }.get(after.schedule)
    if rest is None and not warmup:
        yield Line("", "no scheduler: the rate stays what it is")
        return
    rising = f"(k + 1) / {warmup}"
    share = f"min(1.0, {rising})" if rest is None else f"{rising} if k < {warmup} else {rest}" if warmup else rest
    yield Line(f"scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda k: {share})")
    yield Line("scheduler.step()", "after each optimizer.step()")


# -- the rest -----------------------------------------------------------------------------------------------


def _seed(was: Resolved, now: Resolved) -> Iterator[Line]:
    yield Line(f"torch.manual_seed({now.seed})")


def _dtype(was: Resolved, now: Resolved) -> Iterator[Line]:
    if not now.number_type.is_emulated:
        yield Line(f"torch.set_default_dtype(torch.{now.dtype})", "before the model and the data are made")
        return
    if was.dtype != now.dtype or was.master_weights != now.master_weights:
        if now.rounds_weights:
            yield Line(f"model.to(torch.{now.dtype})", "weights and updates in 16 bits, too")
        else:
            code = f'with torch.autocast("cuda", dtype=torch.{now.dtype}):\n    loss = criterion(model(inputs), target)'
            yield Line(code, "weights stay in float32")
    if now.adapts_loss_scale:
        yield Line("scaler = torch.amp.GradScaler()")
        yield Line("scaler.scale(loss).backward()", "in place of loss.backward()")
        if now.clip != "none":
            yield Line("scaler.unscale_(optimizer)", "before the gradients are clipped")
        yield Line("scaler.step(optimizer)\nscaler.update()", "in place of optimizer.step()")
    elif now.first_loss_scale != 1.0:
        scale = typed(now.first_loss_scale)
        yield Line(f"({scale} * loss).backward()", "in place of loss.backward()")
        yield Line(f"for p in model.parameters():\n    p.grad /= {scale}", "before the update")
    elif was.first_loss_scale != 1.0:
        yield Line("loss.backward()", "without a loss scale")


def _batch(was: Resolved, now: Resolved) -> Iterator[Line]:
    yield Line(f"torch.utils.data.DataLoader(dataset, batch_size={now.batch}, shuffle=True)")


def _loss(was: Resolved, now: Resolved) -> Iterator[Line]:
    if now.loss is not None:  # a file decides it
        yield Line(names.LOSSES[now.loss])


def _target(was: Resolved, now: Resolved) -> Iterator[Line]:
    code = names.TARGET_SCALES.get(str(now.target_scale))
    if code is not None:
        yield Line(code, "of the whole file; where rows are held out, with the numbers of the others")
    else:
        yield Line("", "target as it stands in the file")


def _output_activation(was: Resolved, now: Resolved) -> Iterator[Line]:
    if now.output_activation == "none":
        yield Line("output(h)", "in forward, with nothing behind it")
    else:
        module = names.ACTIVATIONS[now.output_activation].format(slope="")
        yield Line(f"{module}(output(h))", "in forward, before the loss")


def _readout(was: Resolved, now: Resolved) -> Iterator[Line]:
    yield Line("output(states)" if now.readout == "all" else "output(states[-1])")


def _truncate(was: Resolved, now: Resolved) -> Iterator[Line]:
    if not now.kind.over_time:
        return
    if now.truncate is None:
        yield Line(f"states, _ = {now.cell}(inputs)", "in forward, in place of the loop over windows")
        return
    detached = "[each.detach() for each in state]" if now.kind.has_cell_state else "state.detach()"
    lines = [
        "state, windows = None, []",
        f"for window in inputs.split({now.truncate}):",
        f"    states, state = {now.cell}(window, state)",
        f"    state = {detached}",
        "    windows.append(states)",
        "states = torch.cat(windows)",
    ]
    yield Line("\n".join(lines), "in forward: no gradient crosses from window to window")


#: Fields that decide how parameters start, which then stand in their place, and what is added to gates' biases.
_STARTS = (
    "init", "gain", "init_scale", "sigma_w", "sigma_b", "init_recurrent", "gain_recurrent",
    "init_output", "gain_output", "gate_init", "chrono_steps",
)  # fmt: skip
#: Fields of the experiment → what a change of them is. Lines come in this order.
TABLE: tuple[tuple[tuple[str, ...], Lines], ...] = (
    (("seed",), _seed),
    (("dtype", "loss_scale", "master_weights"), _dtype),
    (("batch",), _batch),
    (("target_scale",), _target),
    (("loss",), _loss),
    (
        ("cell", "depth", "width", "widths", "layers", "heads", "mlp_width", "position", *gates.RING),
        _network,
    ),
    (("activation", "slope"), _activation),
    (("dropout", "dropout_kind"), _dropout),
    (("norm", "norm_position"), _norm),
    (("residual", "residual_scale", "residual_span", "residual_block", "highway_bias"), _residual),
    (("truncate",), _truncate),
    (("output_activation",), _output_activation),
    (("readout",), _readout),
    (_STARTS, _weights),
    (("query_gain",), _queries),
    (gates.ADDED, _offsets),
    (("pin_forget",), gates.pin),
    (("optimizer", "learning_rate", *RATES_OF_LAYERS.values(), "momentum", "weight_decay"), _optimiser),
    (("clip", "clip_threshold"), _clip),
)
#: Fields that say which samples there are, or which numbers are kept: nothing that PyTorch is told.
OF_DATA = (
    "data", "target", "drop", "header", "separator", "missing", "window", "steps", "inputs", "asks_for_update",
)  # fmt: skip
#: Fields of the training that decide the rate.
_OF_SCHEDULE = ("schedule", "warmup", "step_every", "step_factor")
#: A recurrent module that is made anew starts anew.
_MAKES_ANEW = ("cell", "activation", "width", "layers", *gates.RING)
_HELD_BY_MODULE = ("dropout", "truncate")


#: What decides PyTorch's encoder layer, which is made anew as a whole.
_OF_ONE_LAYER = {
    "cell", "depth", "width", "heads", "mlp_width", "position", "activation", "slope", "dropout", "dropout_kind",
    "norm", "norm_position", "residual", "residual_scale", "residual_block", "readout",
}  # fmt: skip


def lines(before: Training, after: Training, read: Resolved | None = None) -> tuple[Line, ...]:
    """What turns one training into another, in PyTorch. read is what the first came to, where a CSV file decided."""
    was, now = (_complete(each.experiment.resolved, read) for each in (before, after))
    changed = {row.name for row in dataclasses.fields(Resolved) if getattr(was, row.name) != getattr(now, row.name)}
    if now.kind.over_time and changed.intersection(_MAKES_ANEW):
        # What the module had, or was called in, the new one has not.
        changed |= {"cell", "init"} | {name for name in _HELD_BY_MODULE if getattr(now, name)}
        changed |= {"pin_forget"} if now.pin_forget is not None else set()
    if now.kind.tokens and changed.intersection(_OF_ONE_LAYER):
        changed = (changed - _OF_ONE_LAYER) | {"cell"}
    if changed.intersection(_STARTS):
        changed -= {*gates.ADDED}
    found = [line for fields, made in TABLE if changed.intersection(fields) for line in made(was, now)]
    if any(getattr(before, name) != getattr(after, name) for name in _OF_SCHEDULE):
        found += _schedule(after)
    return tuple(dict.fromkeys(found))


def _complete(resolved: Resolved, read: Resolved | None) -> Resolved:
    """With what a file decided, which no remedy changes."""
    if read is None or resolved.is_complete:
        return resolved
    missing = {name: getattr(read, name) for name in DECIDED_BY_FILE if getattr(resolved, name) is None}
    return dataclasses.replace(resolved, **missing)
