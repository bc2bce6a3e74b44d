"""A Transformer in PyTorch: nn.TransformerEncoderLayer, which is the same to the last digit, with its embedding.

PyTorch's layer has LayerNorm, a plain sum and ReLU or GELU; what else an experiment asks for is said in words.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..core.figures import typed
from ..core.message import Message
from .pytorch_line import Line

if TYPE_CHECKING:
    from .resolved import Resolved

#: The activations that nn.TransformerEncoderLayer takes by name; others are a module.
_BY_NAME = ("relu", "gelu")
_SINUSOIDS = """\
def sinusoids(tokens, width):
    angles = torch.arange(tokens)[:, None] * 10000.0 ** (-(torch.arange(width) // 2 * 2) / width)
    return torch.where(torch.arange(width) % 2 == 0, angles.sin(), angles.cos())[:, None]"""


def network(now: Resolved, activation: str) -> Iterator[Line]:
    """The layers, and how the batch goes through them."""
    inputs = "inputs.shape[-1]" if now.inputs is None else str(now.inputs)
    first = now.residual_block == "pre"
    bent = f'"{now.activation}"' if now.activation in _BY_NAME else activation
    yield Line(f"embedding = nn.Linear({inputs}, {now.width})")
    layer = (
        f"nn.TransformerEncoderLayer({now.width}, {now.heads}, {now.mlp_width}, dropout={typed(now.dropout)}, "
        f"activation={bent}, norm_first={first})"
    )
    norm = f", norm=nn.LayerNorm({now.width})" if first and now.norm != "none" else ""
    yield Line(f"encoder = nn.TransformerEncoder({layer}, {now.depth}{norm}, enable_nested_tensor=False)")
    if now.norm != "layer":
        says = Message("norm {norm}: PyTorch's layer has LayerNorm in it; a layer of your own", norm=now.norm)
        yield Line("", says)
    if now.residual != "add":
        says = Message("residual {residual}: PyTorch's layer has h + F(h); a layer of your own", residual=now.residual)
        yield Line("", says)
    yield from _position(now)
    read = {"last": "states[-1]", "mean": "states.mean(0)", "all": "states"}[now.readout]
    place = "" if now.position == "none" else " + position"
    yield Line(f"states = encoder(embedding(inputs){place})", "inputs are (tokens, batch, inputs)")
    yield Line(f"output({read})")


def _position(now: Resolved) -> Iterator[Line]:
    tokens = "len(inputs)" if now.steps is None else str(now.steps)
    if now.position == "sinusoidal":
        yield Line(f"{_SINUSOIDS}\nposition = sinusoids({tokens}, {now.width})", "Vaswani et al. 2017")
    elif now.position == "learned":
        yield Line(f"position = nn.Parameter(torch.zeros({tokens}, 1, {now.width}))")


def queries(now: Resolved) -> Iterator[Line]:
    """What the weights of queries and keys are multiplied by at the start."""
    if now.query_gain != 1.0:
        code = (
            "for layer in encoder.layers:\n"
            f"    layer.self_attn.in_proj_weight.data[: {2 * now.width}] *= {typed(now.query_gain)}"
        )
        yield Line(code, "queries and keys")
