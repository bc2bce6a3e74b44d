"""The cells that torch.nn has not, as modules written out: used as nn.GRU is, and named alike.

(time, batch, inputs) → the states of the last layer, (time, batch, width), and the last state of each layer. Between
layers stands `dropout`, a module that can be another kind of dropout. Each class starts as nn.GRU does, U(±1/√width);
what the experiment starts with comes after it.
"""

from __future__ import annotations

from dataclasses import dataclass

#: What all of them are made of: parameters by layer, and the loop over layers and time.
_STACK = """\
class {name}(nn.Module):
    def __init__(self, inputs, width, num_layers=1, dropout=0.0{more}):
        super().__init__()
        self.width, self.num_layers, self.dropout = width, num_layers, nn.Dropout(dropout)
{keeps}        for k in range(num_layers):
            shapes = {shapes}
            for name, shape in shapes.items():
                self.register_parameter(f"{{name}}_l{{k}}", nn.Parameter(torch.empty(shape)))
            inputs = {states}
        self.reset_parameters()

{reset}

    def forward(self, sequence, state=None):
        last = []
        for k in range(self.num_layers):
            h = {start} if state is None else state[k]
{prepare}
            states = []
            for t in range(len(sequence)):
{step}
                states.append(h)
            sequence = torch.stack(states)
            last.append(h)
            if k < self.num_layers - 1:
                sequence = self.dropout(sequence)
        return sequence, torch.stack(last)"""

_RESET = """\
    def reset_parameters(self):
        for w in self.parameters():
            nn.init.uniform_(w, -self.width ** -0.5, self.width ** -0.5)"""
_ZEROS = "sequence.new_zeros(sequence.shape[1], {states})"


@dataclass(frozen=True, slots=True)
class Module:
    """A module of PyTorch that is written out: its class, and the text of it."""

    name: str
    code: str


def module(
    name: str, shapes: str, prepare: str, step: str, *, more: str = "", keeps: str = "", states: str = "width",
    start: str = _RESET,
) -> Module:  # fmt: skip
    """shapes: the parameters of a layer of `inputs` and `width`; prepare: what is done for all t; step: h out of h.

    more are further parameters of __init__ and keeps what it does with them; states the numbers of a state; start how
    parameters start.
    """
    indented = [
        "\n".join(f"{' ' * by}{line}" for line in text.splitlines()) for text, by in ((prepare, 12), (step, 16))
    ]
    code = _STACK.format(
        name=name,
        shapes=shapes,
        states=states,
        reset=start,
        prepare=indented[0],
        step=indented[1],
        more=more,
        start=_ZEROS.format(states=states.replace("width", "self.width")),
        keeps=f"        {keeps}\n" if keeps else "",
    )
    return Module(name, code)
