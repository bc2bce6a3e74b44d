"""What the fields of an experiment are called elsewhere, and how a mapping by such names becomes one by their own.

The values' other names stand in the rows of their tables. Where several fields are called the same (`num_layers`), the
one is meant that the cell uses.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..core.fields import Rejected, Spelled
from ..core.message import Message, Verbatim, joined
from ..core.names import Aliases, Names, key, written
from ..core.options import Option, flag
from ..core.problems import ExperimentError, Problem, nearest, unknown_name

_LAYERS = ("num_layers", "n_layers", "nlayers", "number_of_layers", "num_hidden_layers", "n_hidden_layers")
_BY_NORM = ("max_norm", "max_grad_norm", "gradient_clip_val", "grad_clip_norm", "clip_grad_norm", "clip_max_norm",
            "clip_norm", "global_clipnorm")  # fmt: skip
_BY_VALUE = ("clip_value", "clipvalue", "clip_grad_value", "grad_clip_value")

#: Field → what else it is called.
ALIASES: Mapping[str, Aliases] = {
    "cell": Aliases(
        ("cell_type", "rnn_type", "model", "model_type", "architecture", "arch", "network", "net"), ("bidirectional",)
    ),
    "depth": Aliases((*_LAYERS, "hidden_layers", "hidden_layer_count"), ("hidden_layer_sizes",)),
    "width": Aliases(
        ("hidden_size", "hidden_dim", "hidden_units", "hidden_features", "hidden_width", "hidden_channels", "hidden",
         "units", "num_units", "n_units", "num_hidden", "n_hidden", "nhid", "layer_size", "d_model", "state_size"),
        ("features", "num_features", "out_features"),
    ),
    "layers": Aliases((*_LAYERS, "num_rnn_layers", "rnn_layers", "stacked_layers")),
    "activation": Aliases(
        ("nonlinearity", "non_linearity", "act", "act_fn", "activation_fn", "activation_function", "hidden_activation"),
        ("recurrent_activation",),
    ),
    "slope": Aliases(("negative_slope", "leak", "leaky_slope"), ("alpha",)),
    "init": Aliases(
        ("kernel_initializer", "kernel_init", "weight_init", "weights_init", "weight_initializer", "initializer",
         "weight_initialization", "initialiser", "initialization", "initialisation", "init_method", "init_type"),
    ),
    "init_recurrent": Aliases(
        ("recurrent_initializer", "recurrent_kernel_init", "recurrent_init", "recurrent_initialiser", "weight_hh_init")
    ),
    "gain_recurrent": Aliases(("recurrent_gain",), ("spectral_radius",)),
    "init_output": Aliases(("output_init", "output_initializer", "output_initialiser", "head_init", "final_init")),
    "gain_output": Aliases(("output_gain", "output_scale", "head_init_scale")),
    "gain": Aliases(("init_gain",)),
    "init_scale": Aliases(("init_std", "std", "stddev", "init_stddev", "weight_std", "initializer_range")),
    "sigma_b": Aliases(near=("bias_init", "bias_initializer", "bias_std", "bias", "use_bias")),
    "forget_bias": Aliases(("forget_gate_bias", "lstm_forget_bias"), ("unit_forget_bias",)),
    "dropout": Aliases(
        ("dropout_rate", "drop_rate", "dropout_p", "p_dropout", "dropout_prob", "dropout_probability",
         "hidden_dropout", "alpha_dropout"),
        ("drop_path", "stochastic_depth"),
        sets={key("alpha_dropout"): {"dropout_kind": "alpha"}},
    ),
    "update_bias": Aliases(("update_gate_bias", "gru_bias", "gate_bias", "z_bias")),
    "gate_init": Aliases(("gate_bias_init", "gate_initializer", "bias_initialisation")),
    "chrono_steps": Aliases(("t_max", "tmax", "chrono_t_max", "max_dependency", "chrono_max")),
    "output_activation": Aliases(("final_activation", "out_activation", "last_activation", "head_activation")),
    "readout": Aliases(near=("return_sequences", "many_to_many", "many_to_one")),
    "truncate": Aliases(
        ("tbptt", "tbptt_steps", "truncated_bptt", "truncated_bptt_steps", "bptt_truncate", "truncation",
         "detach_every"),
    ),
    "heads": Aliases(("num_heads", "n_heads", "n_head", "nhead", "nheads", "num_attention_heads", "attention_heads")),
    "mlp_width": Aliases(
        ("dim_feedforward", "feedforward_dim", "ffn_dim", "d_ff", "dff", "mlp_dim", "intermediate_size",
         "feed_forward_size", "ffn_hidden_size"),
        ("mlp_ratio",),
    ),
    "position": Aliases(
        ("positional_encoding", "position_encoding", "positional_embedding", "position_embedding", "pos_enc", "pos_emb")
    ),
    "norm": Aliases(
        ("normalization", "normalisation", "norm_layer", "norm_type"),
        ("batch_norm", "batchnorm", "bn", "use_bn", "use_batchnorm", "layer_norm", "layernorm", "rms_norm"),
    ),
    "residual": Aliases(
        ("skip", "skip_connection", "skip_connections", "residual_connection", "residual_connections", "shortcut"),
        ("resnet", "use_residual"),
    ),
    "data": Aliases(("dataset", "data_set", "task")),
    "target": Aliases(("target_column", "label", "label_column", "target_col")),
    "drop": Aliases(("drop_columns", "exclude", "ignore_columns")),
    "separator": Aliases(("sep", "delimiter", "delim")),
    "missing": Aliases(("na", "fillna", "impute")),
    "window": Aliases(("lookback", "window_size", "window_length")),
    "loss": Aliases(("loss_fn", "loss_function", "loss_func", "criterion", "objective")),
    "batch": Aliases(("batch_size", "bs", "minibatch", "minibatch_size", "train_batch_size")),
    "steps": Aliases(
        ("bptt", "seq_len", "seq_length", "sequence_length", "timesteps", "time_steps", "num_timesteps", "n_timesteps",
         "unroll_length", "context_length"),
    ),
    "inputs": Aliases(
        ("input_size", "input_dim", "input_features", "in_features", "in_dim", "num_inputs", "n_inputs", "n_features",
         "input_width"),
        ("input_shape",),
    ),
    "clip": Aliases(
        ("clipping", "grad_clip", "gradient_clip", "gradient_clipping", "grad_clipping", "gradient_clip_algorithm")
    ),
    "clip_threshold": Aliases(
        (*_BY_NORM, *_BY_VALUE),
        # Keras' clips each tensor by itself.
        ("clipnorm", "clip_grad"),
        sets={
            **{key(name): {"clip": "norm"} for name in _BY_NORM}, **{key(name): {"clip": "value"} for name in _BY_VALUE}
        },
    ),
    "optimizer": Aliases(("optim", "opt", "optimiser", "solver"), ("nesterov", "adam", "sgd")),
    "learning_rate": Aliases(("lr", "eta", "step_size", "learning_rate_init", "base_lr", "init_lr", "initial_lr")),
    "momentum": Aliases(("mu", "sgd_momentum"), ("beta", "beta1", "betas")),
    "weight_decay": Aliases(("wd",), ("l2", "l2_reg", "l2_penalty", "regularization")),
    "seed": Aliases(("random_seed", "random_state", "manual_seed", "rng_seed")),
    "loss_scale": Aliases(("grad_scale", "loss_scaling", "static_loss_scale"), ("gradscaler",)),
    "master_weights": Aliases(
        ("fp32_master_weights", "main_params"), ("autocast", "amp", "use_amp", "mixed_precision")
    ),
    "dtype": Aliases(("precision", "float_type", "data_type")),
}  # fmt: skip

# What the fields of a few names, which are no tables, allow.
YES_OR_NO = {"yes": Aliases(("true", "on")), "no": Aliases(("false", "off", "none"))}
GATE_INITS = {"constant": Aliases(("fixed",)), "chrono": Aliases(("chrono_init", "chrono_initialisation"))}
#: Of the activations those that say what an answer can be: a share, a number from −1 to 1, one that is not negative.
OUTPUT_ACTIVATIONS = {
    "none": Aliases(("linear", "identity", "off", "logits"), ("softmax", "log_softmax")),
    "sigmoid": Aliases(("logistic",)), "tanh": Aliases(), "relu": Aliases(), "softplus": Aliases(),
}  # fmt: skip
READOUTS = {"last": Aliases(("many_to_one", "final")), "all": Aliases(("many_to_many", "every")),
            "mean": Aliases(("average", "mean_pooling", "avg", "pooled"))}  # fmt: skip
POSITIONS = {"before": Aliases(("pre_activation",)), "after": Aliases(("post_activation",))}

_COUNTED = Message("training is counted in iterations here: gradtui train --iterations N")
_NO_RECURRENT_DROPOUT = Message("dropout is between stacked layers here, not within a step: --dropout P")
_SCHEDULED = Message("a schedule of the learning rate is for training: gradtui train --schedule NAME --warmup N")
_HELD_OUT = Message("samples are held out in training: gradtui train --hold-out SHARE --validate-every N")
#: What no field of an experiment is, whatever it is like by its spelling, by key.
NOT_HERE: Mapping[str, Message] = {
    **dict.fromkeys(
        map(key, ("epoch", "epochs", "num_epochs", "n_epochs", "nb_epoch", "max_epochs", "train_epochs", "iterations",
                  "num_iterations", "n_iterations", "max_iterations", "n_iter", "num_iter", "max_iter", "iters",
                  "max_steps", "num_steps", "train_steps", "num_train_steps", "num_train_epochs", "steps_per_epoch",
                  "total_steps", "training_steps", "train_iterations")),
        _COUNTED,
    ),
    **dict.fromkeys(map(key, ("recurrent_dropout", "variational_dropout")), _NO_RECURRENT_DROPOUT),
    **dict.fromkeys(
        map(key, ("scheduler", "lr_scheduler", "lr_schedule", "learning_rate_schedule", "warmup", "warmup_steps",
                  "num_warmup_steps", "warmup_iterations", "warmup_ratio", "lr_decay", "gamma", "schedule",
                  "lr_scheduler_type")),
        _SCHEDULED,
    ),
    **dict.fromkeys(
        map(key, ("validation_split", "val_split", "test_size", "validation_fraction", "hold_out", "holdout",
                  "eval_steps", "eval_every", "validate_every")),
        _HELD_OUT,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Owned:
    """A mapping by the fields' own names; what was understood, to be said; and what could not be."""

    values: dict[str, Any]
    notes: tuple[Message, ...]
    problems: tuple[Problem, ...]


def names_of(rows: Mapping[str, Option]) -> Names:
    return Names({name: row.aliases for name, row in rows.items()})


def owned(given: Mapping[str, Any], rows: Mapping[str, Option], cell: str | None = None) -> Owned:
    """A mapping with the fields' own names, in which what a name decides beside its field stands too.

    cell is the kind of network where the mapping does not say it.
    """
    values = {name: value for name, value in given.items() if name in rows}
    others = [name for name in given if name not in rows]
    if not others:
        return Owned(values, (), ())
    names, notes, problems = names_of(rows), [], []
    # The cell's own other names first: it decides what the others mean.
    for text in sorted(others, key=lambda each: "cell" not in names.called(str(each))):
        # A table, such as [network], is no field, whatever it is called.
        fields = () if isinstance(given[text], Mapping) else names.called(str(text))
        if not fields:
            problems.append(Problem(str(text), unknown_field(str(text), rows)))
            continue
        used = [name for name in fields if rows[name].applies_to(_cell(values.get("cell", cell), rows))]
        name = (used or list(fields))[0]
        if name in values:
            message = Message("means the same as {name}, which is given too", name=_as(str(text), name))
            problems.append(Problem(str(text), message))
            continue
        values[name] = given[text]
        sets = rows[name].aliases.sets.get(key(str(text)), {})
        values |= {field: value for field, value in sets.items() if field not in values}
        notes.append(_note(str(text), _as(str(text), name), sets))
    return Owned(values, tuple(notes), tuple(problems))


def taking_other_names(made: Callable[..., None], rows: Mapping[str, Option]) -> Callable[..., None]:
    """A constructor, for keywords as PyTorch and Keras have them too: Experiment(hidden_size=128, lr=0.1)."""

    @functools.wraps(made)
    def taking(self: object, **given: Any) -> None:
        if not given.keys() <= rows.keys():
            names, found = names_of(rows), owned(given, rows)
            unknown = {name: value for name, value in given.items() if not names.called(name)}
            if found.problems and not unknown:
                raise ExperimentError(found.problems)
            # What no field is called is refused by the constructor itself, as any unknown keyword is.
            given = found.values | unknown
        made(self, **given)

    return taking


def _cell(value: Any, rows: Mapping[str, Option]) -> str:
    try:
        return str(rows["cell"].kind.check(value))
    except Rejected:
        return str(rows["cell"].default)


def unknown_field(text: str, rows: Mapping[str, Option]) -> str:
    """The message for a name that no field has."""
    if key(text) in NOT_HERE:
        return NOT_HERE[key(text)]
    return unknown_name(text, tuple(rows), names_of(rows).nearest(text, rows))


def is_field(text: str, rows: Mapping[str, Option]) -> bool:
    """Whether a name is another one of a field."""
    return bool(names_of(rows).called(text))


def nearest_flag(text: str, flags: Iterable[str], rows: Mapping[str, Option]) -> str | None:
    """The option to offer for one that there is not: by meaning first."""
    meant = names_of(rows).by_meaning(text.lstrip("-"))
    return flag(meant) if meant is not None else nearest(text, flags)


def expanded(values: Mapping[str, Any], rows: Mapping[str, Option]) -> dict[str, Any]:
    """The values with the fields that their names decide, where these are not given: SGD(momentum=0.9)."""
    found = dict(values)
    for name, value in values.items():
        meant = _meant(name, value, rows)
        if meant is not None:
            found[name] = str(meant)
            found |= {field: each for field, each in meant.sets.items() if field not in values}
    return found


def said(values: Mapping[str, Any], rows: Mapping[str, Option]) -> Iterator[Message]:
    """A note for each value that is another name of a row."""
    for name, value in values.items():
        meant = _meant(name, value, rows)
        if meant is not None:
            note = _note(meant.text, str(meant), meant.sets)
            yield joined([note, meant.remark]) if meant.remark else note  # type: ignore[misc]


def _meant(name: str, value: Any, rows: Mapping[str, Option]) -> Spelled | None:
    if isinstance(value, Spelled):
        return value
    if not isinstance(value, str) or name not in rows or value in rows[name].kind.names:
        return None
    try:
        checked = rows[name].kind.check(value)
    except Rejected:
        return None
    return checked if isinstance(checked, Spelled) else None


def _as(text: str, name: str) -> str:
    """A field's name in the manner of another one: --learning-rate for --lr."""
    return flag(name) if text.startswith("--") else name


def _note(text: str, name: str, sets: Mapping[str, Any]) -> Message:
    names = {"given": Verbatim(text), "name": Verbatim(name)}
    if not sets:
        return Message("note: {given} is {name} here", **names)
    fields = ", ".join(
        f"{field} {value if isinstance(value, str) else written(value)}" for field, value in sets.items()
    )
    return Message("note: {given} is {name} with {fields} here", **names, fields=Verbatim(fields))
