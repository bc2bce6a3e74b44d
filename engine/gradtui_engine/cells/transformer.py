"""The Transformer encoder as a program: blocks of self-attention and MLP on a residual stream (Vaswani et al. 2017).

    pre-LN    m = h + β A(norm₁ h)       h′ = m + β F(norm₂ m)       and a norm after the last block (Xiong et al. 2020)
    post-LN   m = norm₁(h + β A(h))      h′ = norm₂(m + β F(m))
    A(x) = attention(x W_inᵀ + b_in) W_outᵀ + b_out                  F(x) = f(x W_1ᵀ + b_1) W_2ᵀ + b_2

A stage is a block: h_0 are the embedded tokens, (tokens, batch, width), h_1 … those after each block. Parameters have
the names of PyTorch's TransformerEncoderLayer, block 1 being `layers.1`. Without skips m = A(norm₁ h), h′ = F(norm₂ m).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from ..core.message import English
from ..core.names import Aliases
from ..program.normalisation import NORMALISATIONS
from ..program.output_layer import Sizes, add_output_layer
from ..program.program import Parameter, Program, Site
from ..program.slots import ATTENTION, HIDDEN, MASK, MEAN, VARIANCE, Slot, Span
from ..rules.activations import ACTIVATIONS
from . import attention
from .cell import Cell, of_activation
from .residual_blocks import BLOCKS, NORM, RESIDUALS, scales, weights_scale
from .settings import Settings

#: What its stages are.
AXIS = "block"
#: The role of the stream between attention and MLP.
MIDDLE = "m"
#: MLP units a unit of the stream, where the experiment does not say (Vaswani et al. 2017).
MLP_RATIO = 4
#: Where the norm can stand: before each branch (pre-LN), or on the sum (post-LN).
BLOCKS_OF_TOKENS = ("pre", "post_norm")
#: Heads where the experiment does not say.
HEADS = 4
#: PyTorch draws in_proj_weight, (3·width, width), by Xavier's uniform rule: a bound of √(6/(4·width)), which is 1/√fan
#: at this share of the width.
_OF_PROJECTION = 2 / 3


def mlp_width(settings: Settings) -> int:
    """The hidden units of a block's MLP."""
    return settings.mlp_width or MLP_RATIO * settings.width


def heads_in(settings: Settings) -> int:
    """The heads of an attention."""
    return settings.heads or most_heads(settings.width)


def most_heads(width: int) -> int:
    """Four heads, or two or one where four do not divide the width."""
    return math.gcd(HEADS, width)


def _listed(cell: Cell, settings: Settings, sizes: Sizes, loss: str, depth: int) -> Program:
    """The program of an encoder of `depth` blocks."""
    stages = [Slot(HIDDEN, block).name for block in range(depth + 1)]
    program = Program(AXIS, stages=stages, measure_merges=RESIDUALS[settings.residual].joins)
    program.slot(Slot("input"), (sizes.steps, sizes.batch, sizes.inputs))
    state = _Blocks(settings, sizes, program).add(depth)
    add_output_layer(program, state, settings.width, sizes, loss, settings.output_activation)
    return program


class _Blocks:
    """Adds embedding, blocks and readout to a program: what each operation reads is what another one wrote."""

    def __init__(self, settings: Settings, sizes: Sizes, program: Program) -> None:
        self.settings, self.sizes, self.program = settings, sizes, program
        self.width = settings.width
        self.residual = RESIDUALS[settings.residual]
        self.normed = settings.norm != "none"
        self.before = NORM not in BLOCKS[settings.residual_block].last
        #: The slots of each role, in order, with their shape: they become the rows of one array.
        self.stacks: dict[str, tuple[list[Slot], tuple[int, ...]]] = {}

    def add(self, depth: int) -> str:
        """Everything up to what the output layer reads; the name of that slot."""
        stages = self.program.stages
        self._embed(stages[0])
        for block in range(1, depth + 1):
            middle = self._slot(MIDDLE, block)
            self._half(block, 1, stages[block - 1], middle, self._attention)
            self._half(block, 2, middle, self._slot(HIDDEN, block), self._mlp)
        for role, (slots, shape) in self.stacks.items():
            self.program.stack(Slot(role, Span()), slots, shape)
        self.program.kept = [stages[0], *(Slot(role, Span()).name for role in (MIDDLE, HIDDEN))]
        state = stages[-1]
        if self.normed and self.before:
            target = self.program.slot(Slot("normed"), self._shape(self.width))
            self._norm("final norm", None, "norm", state, target)
            state = target
        if self.settings.readout == "all":
            return state
        read = self.program.slot(Slot("read"), (self.sizes.batch, self.width))
        self.program.add(
            "read_out", Site("readout"), inputs=(state,), outputs=(read,), choice=self.settings.readout
        )  # fmt: skip
        return read

    def _shape(self, units: int) -> tuple[int, int, int]:
        return self.sizes.steps, self.sizes.batch, units

    def _slot(self, role: str, block: int, units: int | None = None, shape: tuple[int, ...] | None = None) -> str:
        slot = Slot(role, block)
        self.stacks.setdefault(role, ([], shape or self._shape(units or self.width)))[0].append(slot)
        return slot.name

    def _embed(self, target: str) -> None:
        program, row = self.program, attention.POSITIONS[self.settings.position]
        shape = self._shape(self.width)
        program.slot(Slot(HIDDEN, 0), shape)
        placed = row.name != "none"
        embedded = program.slot(Slot("embedded"), shape) if placed else target
        self._linear("embedding", None, "embedding", program.input, embedded, self.sizes.inputs, self.width)
        if placed:
            names: tuple[str, ...] = ()
            if row.learned:
                names = ("position.weight",)
                program.parameters[names[0]] = Parameter((self.sizes.steps, self.width))
            program.add(
                "position", Site("position"), inputs=(embedded,), outputs=(target,), parameters=names, choice=row.name
            )  # fmt: skip

    def _half(self, block: int, half: int, source: str, target: str, branch: Branch) -> None:
        """One half of a block: attention or MLP as a branch of the stream, with its norm before it or after the sum."""
        norm, site = f"layers.{block}.norm{half}", _NORMS[half]
        after = self.normed and not self.before
        read = source
        if self.normed and self.before:
            read = self._slot(f"n{half}", block)
            self._norm(site, block, norm, source, read)
        added = self._slot(f"s{half}", block) if after else target
        written = self._slot(f"b{half}", block) if self.residual.joins else added
        whole = self._slot(f"u{half}", block) if self.settings.dropout else written
        branch(block, read, whole)
        if self.settings.dropout:
            self._dropout(block, f"{MASK}{half}", whole, written, self.width)
        if self.residual.joins:
            self._join(block, half, written, source, added)
        if after:
            self._norm(site, block, norm, added, target)

    def _join(self, block: int, half: int, branch: str, skip: str, target: str) -> None:
        row, (on_skip, on_branch) = self.residual, scales(self.settings)
        names: tuple[str, ...] = ()
        inputs: tuple[str, ...] = (branch, skip)
        if row.learned is not None:
            names = (f"layers.{block}.residual{half}.weight",)
            self.program.parameters[names[0]] = Parameter(row.learned(self.width), fill=on_branch)
        if row.gated:
            inputs = (*inputs, self._gate(block, half, skip))
        self.program.add(
            row.operation, Site("residual", block, axis=AXIS), inputs=inputs, outputs=(target,), parameters=names,
            constant=on_skip if row.on_skip else on_branch,
        )  # fmt: skip

    def _gate(self, block: int, half: int, source: str) -> str:
        """The gate of a Highway half, worked out from the stream."""
        width, gate = self.width, self._slot(f"t{half}", block)
        names = f"layers.{block}.gate{half}.weight", f"layers.{block}.gate{half}.bias"
        self.program.parameters[names[0]] = Parameter((width, width), (width, width), module_fan=width)
        self.program.parameters[names[1]] = Parameter(
            (width,), bias=True, offsets=((0, width, self.settings.highway_bias),), module_fan=width
        )
        self.program.add("gate", Site("gate", block, axis=AXIS), inputs=(source,), outputs=(gate,), parameters=names)
        return gate

    def _attention(self, block: int, source: str, target: str) -> None:
        width, heads, prefix = self.width, heads_in(self.settings), f"layers.{block}.self_attn"
        tokens, batch = self.sizes.steps, self.sizes.batch
        projected, context = self._slot("qkv", block, 3 * width), self._slot("context", block)
        weights = self._slot(ATTENTION, block, shape=(heads, tokens, batch, tokens))
        names = f"{prefix}.in_proj_weight", f"{prefix}.in_proj_bias"
        self.program.parameters[names[0]] = Parameter(
            (3 * width, width), (width, width), 3, module_fan=_OF_PROJECTION * width,
            # DeepNorm's smaller weights are those of values, output and MLP (Wang et al. 2022).
            factors=(
                (0, 2 * width, self.settings.query_gain), (2 * width, 3 * width, weights_scale(self.settings)),
            ),
        )  # fmt: skip
        # PyTorch starts the biases of an attention at 0.
        self.program.parameters[names[1]] = Parameter((3 * width,), bias=True)
        self._add_linear("queries, keys, values", block, source, projected, names)
        self.program.add(
            "attention", Site("attention", block, axis=AXIS), inputs=(projected,), outputs=(context, weights)
        )  # fmt: skip
        self._linear(
            "attention's output", block, f"{prefix}.out_proj", context, target, width, width, of_module=False
        )  # fmt: skip

    def _mlp(self, block: int, source: str, target: str) -> None:
        settings, prefix, units = self.settings, f"layers.{block}", mlp_width(self.settings)
        hidden, bent = self._slot("z", block, units), self._slot("a", block, units)
        self._linear("MLP, first matrix", block, f"{prefix}.linear1", source, hidden, self.width, units)
        row = ACTIVATIONS[settings.activation]
        learned: tuple[str, ...] = ()
        if row.learned:
            learned = (f"{prefix}.activation.weight",)
            self.program.parameters[learned[0]] = Parameter((1,), fill=settings.slope or 0.0)
        self.program.add(
            "activation", Site("activation", block, axis=AXIS), inputs=(hidden,), outputs=(bent,), parameters=learned,
            choice=row.name, constant=1.0 if settings.slope is None else settings.slope,
        )  # fmt: skip
        if settings.dropout:
            source, bent = bent, self._slot("d", block, units)
            self._dropout(block, MASK, source, bent, units)
        self._linear("MLP, second matrix", block, f"{prefix}.linear2", bent, target, units, self.width)

    def _dropout(self, block: int, role: str, source: str, target: str, units: int) -> None:
        mask = self.program.slot(Slot(role, block), self._shape(units))
        self.program.masks[mask] = self.settings.dropout
        self.program.add(
            "dropout", Site("dropout", block, axis=AXIS), inputs=(source, mask), outputs=(target,),
            choice=self.settings.dropout_kind, constant=self.settings.dropout,
        )  # fmt: skip

    def _linear(
        self, part: English, block: int | None, prefix: str, source: str, target: str, fan_in: int, units: int,
        of_module: bool = True,
    ) -> None:  # fmt: skip
        names = f"{prefix}.weight", f"{prefix}.bias"
        drawn_with = 1.0 if block is None else weights_scale(self.settings)
        self.program.parameters[names[0]] = Parameter(
            (units, fan_in), (units, fan_in), module_fan=fan_in, scale=drawn_with
        )  # fmt: skip
        self.program.parameters[names[1]] = Parameter((units,), bias=True, module_fan=fan_in if of_module else 0)
        self._add_linear(part, block, source, target, names)

    def _add_linear(
        self, part: English, block: int | None, source: str, target: str, names: tuple[str, str]
    ) -> None:  # fmt: skip
        self.program.add("linear", Site(part, block, axis=AXIS), inputs=(source,), outputs=(target,), parameters=names)

    def _norm(self, part: English, block: int | None, prefix: str, source: str, target: str) -> None:
        row = NORMALISATIONS[self.settings.norm]
        names = tuple(f"{prefix}.{name}" for name in row.parameters)
        for name, start in zip(names, (1.0, 0.0), strict=False):
            self.program.parameters[name] = Parameter((self.width,), fill=start)
        shape = (self.sizes.steps, *row.statistics(self.sizes.batch, self.width))
        # Of the two norms of a block each has statistics of its own.
        half = "" if block is None else prefix[-1]
        mean, variance = (self.program.slot(Slot(f"{role}{half}", block), shape) for role in (MEAN, VARIANCE))
        self.program.add(
            "norm", Site(part, block, axis=AXIS), inputs=(source,), outputs=(target, mean, variance), parameters=names,
            choice=row.name,
        )  # fmt: skip


#: (block, slot read, slot written): adds one branch of a block.
Branch = Callable[[int, str, str], None]
#: Where the norms of a block's halves stand.
_NORMS: Mapping[int, English] = {1: "norm of the attention", 2: "norm of the MLP"}


CELL = Cell(
    name="transformer",
    order=20,
    axis=AXIS,
    default_data="digits-rows",
    default_activation="relu",
    formula="m = h + A(norm h); h′ = m + F(norm m)",
    note="Deep in blocks, with an axis of tokens: attention and an MLP are added to a stream of width units a token.",
    listed=_listed,
    pre_activations=of_activation,
    parts="branches",
    theory="attention",
    operations=attention.OPERATIONS,
    tokens=True,
    heading="Transformer",
    default_norm="layer",
    default_residual="add",
    default_block="pre",
    aliases=Aliases(
        ("transformer_encoder", "transformer_encoder_layer", "encoder_layer", "vit", "bert", "self_attention"),
        ("attention", "multihead_attention", "gpt", "decoder", "transformer_decoder", "mamba", "llm"),
        order=("d_model", "nhead", "dim_feedforward"),
        fields={
            "d_model": "width", "nhead": "heads", "num_heads": "heads", "dim_feedforward": "mlp_width",
            "activation": "activation", "num_layers": "depth", "dropout": "dropout",
        },
        fixed={"batch_first": (False,), "bias": (True,), "layer_norm_eps": (1e-5,)},
    ),
)  # fmt: skip
