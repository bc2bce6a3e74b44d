"""PyTorch's, Keras' and JAX' names in every spelling of an experiment: taken where they mean the same, else offered."""

from __future__ import annotations

from typing import Any

import pytest

from gradtui_engine import Experiment, ExperimentError
from gradtui_engine.core.fields import Choice
from gradtui_engine.core.names import key
from gradtui_engine.data.reading import Separator
from gradtui_engine.experiment.experiment import options
from gradtui_engine.experiment.other_names import ALIASES, NOT_HERE, expanded, owned, said
from tests.engine.helpers import refused
from tests.examples import in_one

# What each framework's documentation says its name is: (field, name there, fields here).
TAKEN: list[tuple[str, str, dict[str, Any]]] = [
    ("init", "kaiming_uniform", {"init": "he_uniform"}),
    ("init", "torch.nn.init.kaiming_uniform_", {"init": "he_uniform"}),
    ("init", "kaiming_normal_", {"init": "he_normal"}),
    ("init", "HeNormal", {"init": "he_normal"}),
    ("init", "glorot_uniform", {"init": "xavier_uniform"}),
    ("init", "GlorotUniform", {"init": "xavier_uniform"}),
    ("init", "glorot_normal", {"init": "xavier_normal"}),
    ("init", "tf.keras.initializers.LecunNormal()", {"init": "lecun_normal"}),
    ("init", "jax.nn.initializers.lecun_uniform()", {"init": "lecun_uniform"}),
    ("init", "trunc_normal_", {"init": "trunc_normal"}),
    ("init", "trunc_normal_(std=0.02)", {"init": "trunc_normal", "init_scale": 0.02}),
    ("init", "TruncatedNormal(stddev=0.05)", {"init": "truncated_normal", "init_scale": 0.05}),
    ("init", "nn.init.normal_(std=0.01)", {"init": "normal", "init_scale": 0.01}),
    ("init", "RandomNormal(stddev=0.05)", {"init": "normal", "init_scale": 0.05}),
    ("init", "ones_", {"init": "constant", "init_scale": 1.0}),
    ("init", "nn.init.orthogonal_(gain=2.0)", {"init": "orthogonal", "gain": 2.0}),
    ("activation", "swish", {"activation": "silu"}),
    ("activation", "nn.ReLU", {"activation": "relu"}),
    ("activation", "ReLU6", {"activation": "relu6"}),
    ("activation", "LeakyReLU", {"activation": "leaky_relu"}),
    ("activation", "nn.LeakyReLU(0.2)", {"activation": "leaky_relu", "slope": 0.2}),
    ("activation", "keras.layers.LeakyReLU()", {"activation": "leaky_relu", "slope": 0.3}),
    ("activation", "tf.nn.leaky_relu", {"activation": "leaky_relu", "slope": 0.2}),
    ("activation", "keras.layers.LeakyReLU(negative_slope=0.1)", {"activation": "leaky_relu", "slope": 0.1}),
    ("activation", "jax.nn.leaky_relu", {"activation": "leaky_relu"}),
    ("activation", "torch.nn.GELU", {"activation": "gelu"}),
    ("activation", "nn.GELU(approximate='tanh')", {"activation": "gelu_tanh"}),
    ("activation", "jax.nn.gelu", {"activation": "gelu_tanh"}),
    ("activation", "hardtanh", {"activation": "hard_tanh"}),
    ("activation", "Hardsigmoid", {"activation": "hard_sigmoid"}),
    ("activation", "nn.Hardswish", {"activation": "hard_swish"}),
    ("activation", "CELU", {"activation": "elu"}),
    ("activation", "nn.Identity", {"activation": "linear"}),
    ("loss", "binary_crossentropy", {"loss": "bce"}),
    ("loss", "BCEWithLogitsLoss", {"loss": "bce"}),
    ("loss", "CrossEntropyLoss", {"loss": "cross_entropy"}),
    ("loss", "sparse_categorical_crossentropy", {"loss": "cross_entropy"}),
    ("loss", "categorical_crossentropy", {"loss": "cross_entropy"}),
    ("loss", "optax.softmax_cross_entropy_with_integer_labels", {"loss": "cross_entropy"}),
    ("loss", "nn.MSELoss(reduction='mean')", {"loss": "mse"}),
    ("loss", "mean_squared_error", {"loss": "mse"}),
    ("cell", "nn.LSTM", {"cell": "lstm"}),
    ("cell", "LSTMCell", {"cell": "lstm"}),
    ("cell", "keras.layers.SimpleRNN", {"cell": "rnn"}),
    ("cell", "vanilla_rnn", {"cell": "rnn"}),
    ("cell", "nn.GRU(1, 32, num_layers=2)", {"cell": "gru", "inputs": 1, "width": 32, "layers": 2}),
    ("cell", "nn.RNN(1, 32, nonlinearity='relu')", {"cell": "rnn", "inputs": 1, "width": 32, "activation": "relu"}),
    ("cell", "Dense(32)", {"cell": "mlp", "width": 32}),
    ("cell", "feedforward", {"cell": "mlp"}),
    ("norm", "BatchNorm1d", {"norm": "batch"}),
    ("norm", "bn", {"norm": "batch"}),
    ("norm", "nn.LayerNorm", {"norm": "layer"}),
    ("norm", "RMSNorm", {"norm": "rms"}),
    ("clip", "clip_grad_norm_", {"clip": "norm"}),
    ("clip", "clip_grad_norm_(max_norm=0.5)", {"clip": "norm", "clip_threshold": 0.5}),
    ("clip", "clip_grad_norm_(model.parameters(), 0.5)", {"clip": "norm", "clip_threshold": 0.5}),
    ("init", "nn.init.kaiming_uniform_(layer.weight, nonlinearity='relu')", {"init": "he_uniform"}),
    ("clip", "optax.clip_by_global_norm(0.5)", {"clip": "norm", "clip_threshold": 0.5}),
    ("clip", "clip_grad_value_", {"clip": "value"}),
    ("clip", "clipvalue", {"clip": "value"}),
    ("clip", "optax.adaptive_grad_clip(0.02)", {"clip": "adaptive", "clip_threshold": 0.02}),
    ("optimizer", "SGD", {"optimizer": "sgd"}),
    ("optimizer", "sgd(momentum=0.8)", {"optimizer": "momentum", "momentum": 0.8}),
    (
        "optimizer", "torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.8, nesterov=True)",
        {"optimizer": "nesterov", "learning_rate": 0.01, "momentum": 0.8},
    ),
    ("optimizer", "Adam(lr=1e-3)", {"optimizer": "adam", "learning_rate": 1e-3}),
    ("optimizer", "Adam(betas=(0.9, 0.999), eps=1e-8)", {"optimizer": "adam"}),
    ("optimizer", "optax.adamw(1e-3)", {"optimizer": "adamw", "learning_rate": 1e-3, "weight_decay": 1e-4}),
    ("optimizer", "keras.optimizers.AdamW", {"optimizer": "adamw", "weight_decay": 0.004}),
    ("optimizer", "torch.optim.RMSprop", {"optimizer": "rmsprop"}),
    ("dtype", "torch.float32", {"dtype": "float32"}),
    ("dtype", "double", {"dtype": "float64"}),
    ("data", "adding_problem", {"data": "adding"}),
    ("data", "noisy_recall", {"data": "recall"}),
    ("readout", "many_to_many", {"readout": "all"}),
]  # fmt: skip
NEEDS: dict[str, dict[str, Any]] = {"adding": {"steps": 8}}


def over_time(field: str, wanted: dict[str, Any]) -> dict[str, Any]:
    """What else an experiment needs for this one: numbers for a loss of numbers, one pixel a step."""
    if wanted.get("loss") == "mse":
        return {"data": "gaussian"}
    return {}


@in_one(("field", "text", "wanted"), TAKEN)
def test_a_name_from_elsewhere_is_taken_for_what_it_means(field: str, text: str, wanted: dict[str, Any]) -> None:
    more = over_time(field, wanted)
    by_other, by_own = Experiment(**{field: text}, **more), Experiment(**wanted, **more)
    assert by_other == by_own
    assert by_other.resolved == by_own.resolved
    assert type(getattr(by_other, field)) is str


@in_one(("field", "text", "wanted"), TAKEN)
def test_it_is_the_rows_own_name_that_is_kept_and_spelled(field: str, text: str, wanted: dict[str, Any]) -> None:
    made = Experiment.from_mapping({field: text, **over_time(field, wanted)})
    assert Experiment.from_toml(made.to_toml()) == made
    assert text not in made.to_command()
    assert repr(wanted[field]) in repr(made)


@pytest.mark.parametrize(
    ("field", "text", "offered"),
    [
        # Other things of the name: PyTorch's normal_ has a standard deviation of 1, uniform_ lies in 0 … 1.
        ("init", "nn.init.normal_", "normal"),
        ("init", "uniform_", "uniform"),
        ("init", "RandomUniform", "uniform"),
        ("init", "kaiming", "he_normal"),
        ("init", "glorot", "xavier_normal"),
        ("init", "VarianceScaling", "lecun_normal"),
        ("init", "kaimng_uniform", "he_uniform"),
        ("activation", "quick_gelu", "gelu"),
        ("activation", "keras.layers.PReLU", "prelu"),
        ("activation", "siren", "sin"),
        ("activation", "softmax", "sigmoid"),
        ("loss", "nn.L1Loss", "mse"),
        ("loss", "huber", "mse"),
        ("loss", "NLLLoss", "cross_entropy"),
        ("loss", "hinge", "bce"),
        ("cell", "TransformerDecoder", "transformer"),
        ("cell", "BiLSTM", "lstm"),
        ("norm", "nn.GroupNorm", "layer"),
        # Keras clips each tensor by itself.
        ("clip", "clipnorm", "norm"),
        # Keras' decay is 0.9 where PyTorch's is 0.99.
        ("optimizer", "keras.optimizers.RMSprop", "rmsprop"),
        ("optimizer", "Adagrad", "rmsprop"),
        ("optimizer", "NAdam", "adam"),
        ("optimizer", "lion", "adamw"),
        ("data", "mnist", "digits"),
        ("residual", "resnet", "add"),
    ],
)
def test_what_is_not_the_same_is_offered_and_never_taken(field: str, text: str, offered: str) -> None:
    (problem,) = refused(Experiment, **{field: text})
    assert problem.startswith(f"{field}: {text!r} is unknown; allowed: ")
    assert problem.endswith(f"did you mean {offered!r}?")


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("activation", "ELU(alpha=2.0)", "alpha of 'ELU(alpha=2.0)' is always 1.0 here"),
        ("optimizer", "Adam(betas=(0.8, 0.9))", "is always (0.9, 0.999) here"),
        ("optimizer", "SGD(dampening=0.1)", "dampening of 'SGD(dampening=0.1)' is always 0 here"),
        ("init", "kaiming_uniform_(a=2.24)", "is always 0"),
        ("norm", "BatchNorm1d(eps=0.1)", "is always 1e-5 here"),
    ],
)
def test_a_parameter_that_cannot_be_had_is_refused(field: str, text: str, words: str) -> None:
    (problem,) = refused(Experiment, **{field: text})
    assert words in problem


def test_a_field_that_is_given_otherwise_contradicts_the_name_that_decides_it() -> None:
    (problem,) = refused(Experiment, optimizer="SGD(momentum=0.8)", momentum=0.5)
    assert problem == "momentum: 0.5 given, and 0.8 by 'SGD(momentum=0.8)'"
    (problem,) = refused(Experiment, optimizer="Adam(lr=-1)")
    assert problem.startswith("learning_rate: -1 given")
    changed = Experiment(optimizer="momentum", momentum=0.5).replace(optimizer="SGD(momentum=0.8)")
    assert changed == Experiment(optimizer="momentum", momentum=0.8)


# -- names of fields ---------------------------------------------------------------------------------------

FIELDS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"lr": 0.5}, {"learning_rate": 0.5}),
    ({"hidden_size": 32}, {"width": 32}),
    ({"units": 32}, {"width": 32}),
    ({"hidden_dim": 32}, {"width": 32}),
    ({"num_layers": 4}, {"depth": 4}),
    ({"cell": "LSTM", "num_layers": 2}, {"cell": "lstm", "layers": 2}),
    ({"rnn_type": "GRU", "num_layers": 2}, {"cell": "gru", "layers": 2}),
    ({"batch_size": 8}, {"batch": 8}),
    ({"nonlinearity": "tanh"}, {"activation": "tanh"}),
    ({"kernel_initializer": "glorot_uniform"}, {"init": "xavier_uniform"}),
    ({"cell": "rnn", "data": "gaussian", "bptt": 8}, {"cell": "rnn", "data": "gaussian", "steps": 8}),
    ({"cell": "rnn", "data": "gaussian", "seq_len": 8}, {"cell": "rnn", "data": "gaussian", "steps": 8}),
    ({"cell": "rnn", "data": "gaussian", "timesteps": 8}, {"cell": "rnn", "data": "gaussian", "steps": 8}),
    ({"max_grad_norm": 0.5}, {"clip": "norm", "clip_threshold": 0.5}),
    ({"clipvalue": 0.5}, {"clip": "value", "clip_threshold": 0.5}),
    ({"random_state": 3}, {"seed": 3}),
    ({"negative_slope": 0.2, "activation": "LeakyReLU"}, {"slope": 0.2, "activation": "leaky_relu"}),
    ({"learning-rate": 0.5}, {"learning_rate": 0.5}),
]


@pytest.mark.parametrize(("given", "wanted"), FIELDS, ids=lambda each: " ".join(each))
def test_a_field_has_other_names_in_a_mapping_a_file_and_a_call(given: dict[str, Any], wanted: dict[str, Any]) -> None:
    lines = "\n".join(f"{name} = {value!r}" for name, value in given.items())
    assert Experiment.from_mapping(given) == Experiment(**wanted)
    assert Experiment.from_toml(lines) == Experiment(**wanted)
    assert Experiment(**given) == Experiment(**wanted)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("epochs", "training is counted in iterations here: gradtui train --iterations N"),
        ("max_epochs", "gradtui train --iterations N"),
        ("iterations", "gradtui train --iterations N"),
        ("max-steps", "gradtui train --iterations N"),
        ("recurrent_dropout", "dropout is between stacked layers here, not within a step: --dropout P"),
        ("lr_scheduler", "is for training: gradtui train --schedule NAME --warmup N"),
        ("validation_split", "gradtui train --hold-out SHARE --validate-every N"),
        ("bias_init", "did you mean 'sigma_b'?"),
        ("unit_forget_bias", "did you mean 'forget_bias'?"),
        ("bidirectional", "did you mean 'cell'?"),
        ("batchnorm", "did you mean 'norm'?"),
        ("hiden_size", "did you mean 'width'?"),
        ("widht", "did you mean 'width'?"),
    ],
)
def test_a_field_that_there_is_not_is_told_by_its_meaning(name: str, words: str) -> None:
    (problem,) = refused(Experiment.from_mapping, {name: 1})
    assert problem.startswith(f"{name}: ")
    assert problem.endswith(words)
    assert "'steps'" not in problem


def test_a_field_given_twice_is_a_problem() -> None:
    (problem,) = refused(Experiment.from_mapping, {"lr": 0.1, "learning_rate": 0.1})
    assert problem == "lr: means the same as learning_rate, which is given too"
    with pytest.raises(ExperimentError):
        Experiment(lr=0.1, eta=0.2)


def test_an_unknown_keyword_is_refused_as_python_refuses_it() -> None:
    with pytest.raises(TypeError, match="widht"):
        Experiment(widht=3)


def test_what_was_understood_is_said() -> None:
    found = owned({"lr": 0.1, "cell": "LSTM", "num_layers": 2, "max_norm": 1.0}, options())
    assert [str(note) for note in found.notes] == [
        "note: lr is learning_rate here",
        "note: num_layers is layers here",
        "note: max_norm is clip_threshold with clip norm here",
    ]
    values = {"cell": "lstm", "init": "glorot_normal", "optimizer": "SGD(momentum=0.8)"}
    assert [str(note) for note in said(values, options())] == [
        "note: glorot_normal is xavier_normal here; "
        "Keras and JAX cut it at two standard deviations; the variance is the same",
        "note: SGD(momentum=0.8) is momentum with momentum 0.8 here",
    ]
    assert expanded(values, options()) == {
        "cell": "lstm", "init": "xavier_normal", "optimizer": "momentum", "momentum": 0.8
    }  # fmt: skip


# -- the tables themselves ---------------------------------------------------------------------------------

# A separator may be any sign as well, so its names are as they are written.
CHOICES = [
    (name, row)
    for name, row in options().items()
    if isinstance(row.kind, Choice) and not isinstance(row.kind, Separator)
]


def test_no_other_name_of_a_field_is_a_fields_own() -> None:
    own = {key(name) for name in options()}
    assert set(ALIASES) <= set(options())
    for name, aliases in ALIASES.items():
        for other in (*aliases.names, *aliases.near):
            assert key(other) not in own - {key(name)}, (name, other)
            assert key(other) not in NOT_HERE


def test_a_name_of_two_fields_is_one_for_each_cell() -> None:
    """num_layers: which is meant is decided by the cell, so the two are never for one cell."""
    rows = options()
    for name, aliases in ALIASES.items():
        for other, others in ALIASES.items():
            shared = set(map(key, aliases.names)) & set(map(key, others.names))
            if name != other and shared:
                assert not set(rows[name].cells) & set(rows[other].cells), (name, other, shared)


@pytest.mark.parametrize(("name", "row"), CHOICES, ids=[name for name, _ in CHOICES])
def test_every_own_name_in_capitals_means_itself(name: str, row: Any) -> None:
    for own in row.kind.names:
        if ":" not in own:
            assert row.kind.check(own.upper()) == own
