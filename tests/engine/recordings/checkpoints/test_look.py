"""What is measured of a checkpoint, against NumPy on the whole matrices."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradtui_engine.core.numerics import Array
from gradtui_engine.recordings.checkpoints import spectrum as spectra
from gradtui_engine.recordings.checkpoints.look import Look, Weight, look
from gradtui_engine.recordings.checkpoints.memory import half_life
from gradtui_engine.recordings.checkpoints.told import remarks
from tests.engine.recordings.checkpoints.files import opened


def drawn(*shape: int, scale: float = 1.0, seed: int = 0) -> Array:
    return np.asarray(scale * np.random.default_rng(seed).standard_normal(shape), np.float32)


def looked(folder: Path, **arrays: Array) -> Look:
    return look(opened(folder, {name.replace("__", "."): array for name, array in arrays.items()}))


def one(folder: Path, array: Array, name: str = "layer.weight") -> Weight:
    return look(opened(folder, {name: array})).weights[0]


def kinds(seen: Look) -> list[str]:
    return [remark.kind for remark in remarks(seen)]


# -- singular values ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(30, 50), (50, 30), (7, 5, 3, 3), (1, 9), (600, 520), (520, 600)])
def test_singular_values_are_numpys(tmp_path: Path, shape: tuple[int, ...]) -> None:
    array = drawn(*shape)
    expected = np.linalg.svd(array.reshape(shape[0], -1).astype(float), compute_uv=False)
    found = one(tmp_path, array).spectrum
    assert found is not None
    assert found.exact
    assert found.count == len(expected)
    # 520 and more come out of AᵀA: of the smallest half of the digits are left.
    within = {"rel": 1e-6 if min(shape) > 512 else 1e-12}
    assert found.largest == pytest.approx(expected[0], **within)
    assert found.median == pytest.approx(np.median(expected), **within)
    assert found.smallest == pytest.approx(expected[-1], **within)
    assert found.condition == pytest.approx(expected[0] / expected[-1], **within)
    assert found.stable_rank == pytest.approx((expected**2).sum() / expected[0] ** 2, **within)
    shares = expected / expected.sum()
    assert found.effective_rank == pytest.approx(math.exp(-(shares * np.log(shares)).sum()), **within)


@pytest.mark.parametrize("shape", [(300, 200), (200, 300), (40, 20, 3, 3)])
@pytest.mark.parametrize("spike", [0.0, 5.0])
def test_the_largest_alone_where_there_is_no_allowance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shape: tuple[int, ...], spike: float
) -> None:
    monkeypatch.setattr(spectra, "_EXACT", 0.0)
    array = drawn(*shape)
    array += spike
    found = one(tmp_path, array).spectrum
    assert found is not None
    assert not found.exact
    expected = np.linalg.svd(array.reshape(shape[0], -1).astype(float), compute_uv=False)
    assert found.largest <= expected[0] * (1 + 1e-12)
    # A random matrix has no gap below its largest singular value: the hardest case. With a gap it is exact.
    assert found.largest == pytest.approx(expected[0], rel=1e-9 if spike else 0.02)
    assert found.median is None


def test_no_allowance_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spectra, "_EXACT", 0.0)
    monkeypatch.setattr(spectra, "_PARTIAL", 0.0)
    assert one(tmp_path, drawn(5, 5)).spectrum is None


@pytest.mark.parametrize("size", [40, 530])
def test_what_is_lost_is_0(tmp_path: Path, size: int) -> None:
    array = drawn(size, 20).astype(float) @ drawn(20, size, seed=1)
    seen = looked(tmp_path, layer__weight=array)
    found = seen.weights[0].spectrum
    assert found is not None
    assert found.smallest == 0.0
    assert found.condition == math.inf
    assert "singular" in kinds(seen)


def test_the_edge_is_that_of_a_random_matrix(tmp_path: Path) -> None:
    """Marchenko & Pastur: at 400 × 200 the largest singular value is within 3 % of √400 + √200."""
    found = one(tmp_path, drawn(400, 200)).spectrum
    assert found is not None
    assert found.edge == pytest.approx(math.sqrt(400) + math.sqrt(200), rel=0.01)
    assert found.largest == pytest.approx(found.edge, rel=0.03)


# -- scales ------------------------------------------------------------------------------------------------

#: fan_in 300, fan_out 100; each rule's standard deviation as its paper has it.
RULES = {
    "torch_default": 1 / math.sqrt(3 * 300),
    "xavier_normal": math.sqrt(2 / 400),
    "he_normal": math.sqrt(2 / 300),
    "lecun_normal": 1 / math.sqrt(300),
    "normal 0.02": 0.02,
}


@pytest.mark.parametrize("rule", RULES)
def test_the_nearest_initialiser(tmp_path: Path, rule: str) -> None:
    weight = one(tmp_path, drawn(100, 300, scale=RULES[rule]))
    assert weight.nearest is not None
    assert weight.nearest.initialiser == rule
    # 30,000 draws know their scale to 0.4 %.
    assert weight.nearest.times == pytest.approx(1, rel=0.02)
    assert weight.times == pytest.approx(RULES[rule] / RULES["torch_default"], rel=0.02)


@pytest.mark.parametrize(("times", "stands_out"), [(2.5, False), (3.5, True), (1 / 2.5, False), (1 / 3.5, True)])
def test_a_scale_that_no_initialiser_gives_stands_out(tmp_path: Path, times: float, stands_out: bool) -> None:
    """Beyond He's, the largest, and beneath 0.02, the smallest for so few inputs."""
    scale = times * (RULES["he_normal"] if times > 1 else RULES["normal 0.02"])
    assert ("scale" in kinds(looked(tmp_path, layer__weight=drawn(100, 300, scale=scale)))) == stands_out


def test_of_many_weights_three_are_told_and_the_others_counted(tmp_path: Path) -> None:
    layers = {f"l{place}__weight": drawn(40, 40, scale=2.0 + place) for place in range(7)}
    for array in layers.values():
        array[5] = 0
    told = [(remark.kind, remark.names) for remark in remarks(looked(tmp_path, **layers))]
    assert [kind for kind, _ in told] == ["dead"] * 4 + ["scale"] * 4 + ["theory"]
    # The worst first, and the rest in one.
    assert told[4] == ("scale", ("l6.weight",))
    assert told[7] == ("scale", ("l3.weight", "l2.weight", "l1.weight", "l0.weight"))


def test_orthogonal_by_its_singular_values(tmp_path: Path) -> None:
    q, _ = np.linalg.qr(drawn(60, 40).astype(float))
    weight = one(tmp_path, 1.3 * q)
    assert weight.nearest is not None
    assert weight.nearest.initialiser == "orthogonal"
    assert weight.nearest.times == pytest.approx(1.3)


def test_convolutions_count_their_field(tmp_path: Path) -> None:
    weight = one(tmp_path, drawn(64, 32, 3, 3, scale=math.sqrt(2 / (32 * 9))))
    assert weight.kind == "convolution"
    assert weight.nearest is not None
    assert weight.nearest.initialiser == "he_normal"


def test_recurrent_weights_count_their_units(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    bound = 1 / math.sqrt(50)
    seen = looked(
        tmp_path,
        rnn__weight_ih_l0=rng.uniform(-bound, bound, (200, 7)),
        rnn__weight_hh_l0=rng.uniform(-bound, bound, (200, 50)),
    )
    for weight in seen.weights:
        assert weight.kind == "recurrent"
        assert weight.times == pytest.approx(1, rel=0.05)


@pytest.mark.parametrize("name", ["wte.weight", "model.embed_tokens.weight", "pos_embed", "0.weight"])
def test_embeddings(tmp_path: Path, name: str) -> None:
    weight = one(tmp_path, drawn(500, 32), name)
    assert weight.kind == "embedding"
    assert weight.times == pytest.approx(1, rel=0.05)


def test_inputs_first_where_the_bias_says_so(tmp_path: Path) -> None:
    """GPT-2's own layers hold (inputs, outputs), transposed convolutions too: units are the columns."""
    array = drawn(40, 120)
    array[:, 7] = 0
    seen = looked(tmp_path, c_attn__weight=array, c_attn__bias=drawn(120))
    assert seen.weights[0].units == 120
    assert seen.weights[0].dead == (7,)


# -- units -------------------------------------------------------------------------------------------------


def test_dead_units(tmp_path: Path) -> None:
    array = drawn(50, 30)
    array[[3, 17]] = 0
    array[20] *= 1e-5
    array[21] *= 1e-2
    seen = looked(tmp_path, layer__weight=array)
    assert seen.weights[0].dead == (3, 17, 20)
    assert kinds(seen)[0] == "dead"


def test_dead_channels_of_a_normalisation(tmp_path: Path) -> None:
    scale = np.ones(16, np.float32)
    scale[5] = 1e-8
    assert one(tmp_path, scale, "bn.weight").dead == (5,)
    assert one(tmp_path, np.zeros(16, np.float32), "bn.weight").dead == ()


def test_equal_units(tmp_path: Path) -> None:
    array = drawn(10, 6)
    array[4] = array[2]
    array[9] = array[2]
    assert one(tmp_path, array).copies == 3
    assert not one(tmp_path, array).is_symmetric
    seen = looked(tmp_path, layer__weight=np.ones((10, 6)))
    assert seen.weights[0].is_symmetric
    assert kinds(seen)[0] == "symmetric"


def test_zeros_are_neither_dead_nor_equal_units(tmp_path: Path) -> None:
    seen = looked(tmp_path, lora_B__weight=np.zeros((10, 6)))
    assert (seen.weights[0].dead_count, seen.weights[0].copies) == (0, 0)
    assert kinds(seen)[0] == "zero"


def test_numbers_that_are_not_finite(tmp_path: Path) -> None:
    array = drawn(10, 6)
    array[2, 3], array[5, 1] = math.nan, math.inf
    seen = looked(tmp_path, layer__weight=array, layer__bias=drawn(10), other__running_var=np.full(4, math.nan))
    by_name = {weight.name: weight for weight in seen.weights}
    assert by_name["layer.weight"].non_finite == 2
    assert by_name["other.running_var"].non_finite == 4
    finite = array[np.isfinite(array)].astype(float)
    assert by_name["layer.weight"].rms == pytest.approx(math.sqrt((finite**2).mean()))
    assert by_name["layer.weight"].mean == pytest.approx(finite.mean())
    assert by_name["layer.weight"].spectrum is None
    assert kinds(seen)[0] == "non_finite"


def test_a_model_as_it_starts_has_nothing_to_be_said_of(tmp_path: Path) -> None:
    bound = 1 / math.sqrt(64)
    rng = np.random.default_rng(3)
    layers: dict[str, Any] = {f"l{place}__weight": rng.uniform(-bound, bound, (64, 64)) for place in range(5)}
    layers |= {f"l{place}__bias": rng.uniform(-bound, bound, 64) for place in range(5)}
    assert kinds(looked(tmp_path, **layers)) == ["healthy", "theory"]


# -- theory and memory -------------------------------------------------------------------------------------


def test_mean_field_of_relu_is_half_of_the_variance(tmp_path: Path) -> None:
    """χ = σ_w² E[φ'²] = σ_w²/2, whatever the depth: He's variance is critical."""
    layers = {f"l{place}__weight": drawn(256, 256, scale=math.sqrt(2 / 256), seed=place) for place in range(4)}
    seen = looked(tmp_path, **layers)
    assert seen.factor("relu") == pytest.approx(1, rel=0.01)
    assert len(seen.chain) == 2
    theory = seen.weights[0].theory
    assert theory is not None
    assert theory["relu"].chi == pytest.approx(1, rel=0.02)


def test_tanh_at_the_edge_of_chaos(tmp_path: Path) -> None:
    """σ_w = 1 without biases is the edge of tanh (Poole et al. 2016); twice that is chaos."""
    at = looked(tmp_path, **{f"l{place}__weight": drawn(256, 256, scale=1 / 16, seed=place) for place in range(3)})
    beyond = looked(tmp_path, **{f"l{place}__weight": drawn(256, 256, scale=2 / 16, seed=place) for place in range(3)})
    assert at.factor("tanh") == pytest.approx(1, abs=0.05)
    factor = beyond.factor("tanh")
    assert factor is not None
    assert factor > 1.1


def test_an_lstm_that_remembers(tmp_path: Path) -> None:
    """Forget biases of 2 + 0.5: σ(2.5) = 0.924, halved in 8.78 steps; one unit of 4 + 0.5 in 62.7."""
    forget_ih, forget_hh = np.full(8, 2.0), np.full(8, 0.5)
    forget_ih[3] = 4.0
    bias_ih = np.concatenate([np.zeros(8), forget_ih, np.zeros(16)])
    bias_hh = np.concatenate([np.zeros(8), forget_hh, np.zeros(16)])
    whole = drawn(32, 8).astype(float)
    seen = looked(
        tmp_path, lstm__weight_ih_l0=drawn(32, 3), lstm__weight_hh_l0=whole, lstm__bias_ih_l0=bias_ih,
        lstm__bias_hh_l0=bias_hh,
    )  # fmt: skip
    (memory,) = seen.memories
    opened = 1 / (1 + np.exp(-(forget_ih + forget_hh)))
    assert memory.opening == pytest.approx(opened.mean())
    assert memory.longest == pytest.approx(62.7, abs=0.1)
    assert memory.least == pytest.approx(0.924, abs=1e-3)
    assert half_life(1 / (1 + math.exp(-2.5))) == pytest.approx(8.78, abs=0.01)
    assert half_life(0.5) == 1.0
    candidate = whole[16:24]
    assert memory.radius == pytest.approx(np.abs(np.linalg.eigvals(candidate)).max())
    assert memory.largest == pytest.approx(np.linalg.svd(candidate, compute_uv=False)[0])
    assert "memory" in kinds(seen)


def test_a_gru_keeps_by_its_update_gate(tmp_path: Path) -> None:
    bias = np.concatenate([np.full(5, 9.0), np.full(5, 1.0), np.full(5, 9.0)])
    seen = looked(tmp_path, weight_ih=drawn(15, 3), weight_hh=drawn(15, 5), bias_ih=bias, bias_hh=np.zeros(15))
    assert seen.memories[0].opening == pytest.approx(1 / (1 + math.exp(-1)))


def test_a_plain_rnn_by_its_spectral_radius(tmp_path: Path) -> None:
    """A turn times 0.9, sheared: its radius is 0.9, its largest singular value far more."""
    turn = 0.9 * np.array([[math.cos(0.63), -math.sin(0.63)], [math.sin(0.63), math.cos(0.63)]])
    whole = np.array([[1.0, 3.0], [0.0, 1.0]]) @ turn @ np.array([[1.0, -3.0], [0.0, 1.0]])
    (memory,) = looked(tmp_path, rnn__weight_ih_l0=drawn(2, 3), rnn__weight_hh_l0=whole).memories
    assert memory.radius == pytest.approx(0.9)
    assert memory.largest is not None
    assert memory.largest > 2
    assert memory.opening is None
