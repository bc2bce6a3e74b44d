"""What names mean elsewhere: read without regard to writing, with modules, as calls."""

from __future__ import annotations

import contextlib

import pytest

from gradtui_engine.core.fields import Choice, Rejected, Spelled
from gradtui_engine.core.names import Aliases, Names, key
from gradtui_engine.core.table import choice_among

NAMES = Names(
    {
        "leaky": Aliases(("lrelu",), ("rrelu",), order=("slope",), fields={"slope": "s"}, sets={"keras": {"s": 0.3}}),
        "plain": Aliases(
            ("sgd",), fixed={"momentum": (0,), "eps": (1e-8,)}, order=("params", "lr"), fields={"lr": "rate"}
        ),
        "heavy": Aliases(
            ("sgd", "ball"), order=("params", "lr", "momentum"), fields={"lr": "rate", "momentum": "mu"},
            needs={"sgd": ("momentum",)}, remarks={"ball": "a ball"},
        ),
        "exact": Aliases(unlike=("jax",)),
        "rough": Aliases(("exact",), needs={"exact": ("rough",), "jax:exact": ()}, fixed={"rough": (True,)}),
    }
)  # fmt: skip


def meaning(text: str) -> tuple[str, dict[str, object]] | None:
    found = NAMES.meaning(text)
    return None if found is None else (str(found), dict(found.sets))


@pytest.mark.parametrize(
    "text", ["LReLU", "l_relu", "L-RELU", "lrelu_", "nn.LReLU", "torch.nn.functional.l_relu", "LReLU()"]
)
def test_writing_and_modules_do_not_count(text: str) -> None:
    assert meaning(text) == ("leaky", {})
    assert key("Leaky_ReLU-") == "leakyrelu"


@pytest.mark.parametrize(
    ("text", "name", "sets"),
    [
        ("lrelu(0.2)", "leaky", {"s": 0.2}),
        ("LReLU(slope=-1)", "leaky", {"s": -1}),
        ("keras.layers.LReLU", "leaky", {"s": 0.3}),
        ("tf.keras.layers.LReLU(slope=0.1)", "leaky", {"s": 0.1}),
        ("SGD", "plain", {}),
        ("SGD(lr=0.1)", "plain", {"rate": 0.1}),
        ("SGD(momentum=0)", "plain", {}),
        ("optax.sgd(1e-3)", "plain", {"rate": 1e-3}),
        ("SGD(model.parameters(), lr=0.1, eps=1e-8)", "plain", {"rate": 0.1}),
        ("lrelu(layer.weight, 0.2)", "leaky", {"s": 0.2}),
        ("lrelu(layer.weight)", "leaky", {}),
        ("SGD(params, 0.1, 0.9)", "heavy", {"rate": 0.1, "mu": 0.9}),
        ("torch.optim.SGD(lr=0.1, momentum=0.9)", "heavy", {"rate": 0.1, "mu": 0.9}),
        ("exact", "exact", {}),
        ("jax.nn.exact", "rough", {}),
        ("exact(rough=True)", "rough", {}),
    ],
)
def test_a_name_means_a_row_and_the_fields_that_it_is_called_with(
    text: str, name: str, sets: dict[str, object]
) -> None:
    assert meaning(text) == (name, sets)


@pytest.mark.parametrize(
    "text", ["", "unknown", "rrelu", "other.lrelu", "csv:lrelu", "lrelu(", "lrelu(0.1))", "x" * 5000, "."]
)
def test_what_is_not_exactly_a_row_means_none(text: str) -> None:
    assert NAMES.meaning(text) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SGD(dampening=0.5)", "dampening of 'SGD(dampening=0.5)' has no field here; allowed: lr, momentum, eps"),
        ("SGD(eps=1e-6)", "eps of 'SGD(eps=1e-6)' is always 1e-8 here"),
        ("lrelu(slope=x)", "slope of 'lrelu(slope=x)' is no value"),
        ("lrelu(0.1, 0.2)", "'lrelu(0.1, 0.2)' has more parameters than there are fields for here"),
    ],
)
def test_a_parameter_without_a_field_is_refused_and_named(text: str, words: str) -> None:
    with pytest.raises(Rejected) as caught:
        NAMES.meaning(text)
    assert str(caught.value) == words


@pytest.mark.parametrize(
    "text", ["lrelu(" + "(" * 200 + ")", "lrelu(slope=__import__('os').getcwd())", "lrelu(9**9**9)"]
)
def test_a_call_is_read_and_never_run(text: str) -> None:
    with contextlib.suppress(Rejected):
        assert NAMES.meaning(text) is None


def test_the_nearest_is_the_nearest_by_meaning_before_any_spelling() -> None:
    allowed = tuple(NAMES._aliases)
    assert NAMES.nearest("RReLU", allowed) == "leaky"
    assert NAMES.nearest("torch.nn.RReLU", allowed) == "leaky"
    assert NAMES.nearest("lrleu", allowed) == "leaky"  # a slip in another name
    assert NAMES.nearest("palin", allowed) == "plain"
    assert NAMES.nearest("convolution", allowed) is None
    assert NAMES.nearest("rrelu", ("plain",)) is None  # what is not allowed is not offered


def test_a_choice_gives_the_own_name_and_remembers_what_was_given() -> None:
    choice = choice_among({"float32": Aliases(("single",), ("half",)), "float64": Aliases(("double",))})
    found = choice.check("torch.double")
    assert found == "float64"
    assert isinstance(found, Spelled)
    assert (found.text, found.sets, found.remark) == ("torch.double", {}, "")
    assert choice.check("float64") is not found
    assert not isinstance(choice.parse("float64"), Spelled)
    assert choice.names == ("float32", "float64")
    with pytest.raises(Rejected, match="'half' is unknown; allowed: float32, float64; did you mean 'float32'"):
        choice.check("half")


def test_a_plain_choice_knows_its_own_names_alone() -> None:
    with pytest.raises(Rejected):
        Choice(lambda: ("relu",)).check("ReLU")
