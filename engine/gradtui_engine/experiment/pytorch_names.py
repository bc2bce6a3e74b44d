"""What the rows of the tables are called in PyTorch: each a call, with the experiment's numbers to be filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping

#: By the row's name; {slope}, {width}, {most} and {momentum} are the experiment's.
ACTIVATIONS: Mapping[str, str] = {
    "linear": "nn.Identity()",
    "sigmoid": "nn.Sigmoid()",
    "tanh": "nn.Tanh()",
    "relu": "nn.ReLU()",
    "leaky_relu": "nn.LeakyReLU({slope})",
    "prelu": "nn.PReLU(init={slope})",
    "elu": "nn.ELU()",
    "selu": "nn.SELU()",
    "gelu": "nn.GELU()",
    "gelu_tanh": 'nn.GELU(approximate="tanh")',
    "silu": "nn.SiLU()",
    "mish": "nn.Mish()",
    "softplus": "nn.Softplus()",
    "softsign": "nn.Softsign()",
    "hard_tanh": "nn.Hardtanh()",
    "hard_sigmoid": "nn.Hardsigmoid()",
    "hard_swish": "nn.Hardswish()",
    "relu6": "nn.ReLU6()",
    # PyTorch has no module for it.
    "sin": 'type("Sin", (nn.Module,), {{"forward": lambda self, z: torch.sin(z)}})()',
}
NORMS: Mapping[str, str] = {
    "none": "nn.Identity()",
    "batch": "nn.BatchNorm1d({width})",
    "layer": "nn.LayerNorm({width})",
    "rms": "nn.RMSNorm({width})",
}
#: For a tensor `target`.
TARGET_SCALES: Mapping[str, str] = {
    "standard": "target = (target - target.mean()) / target.std(correction=0)",
    "minmax": "target = (target - target.min()) / (target.max() - target.min())",
    "robust": "low, middle, high = (target.quantile(q) for q in (0.25, 0.5, 0.75))\n"
    "target = (target - middle) / (high - low)",
}
DROPOUTS: Mapping[str, str] = {"inverted": "nn.Dropout({rate})", "alpha": "nn.AlphaDropout({rate})"}
#: The cells that torch.nn has.
CELLS: Mapping[str, str] = {"rnn": "nn.RNN", "lstm": "nn.LSTM", "gru": "nn.GRU"}
LOSSES: Mapping[str, str] = {
    "cross_entropy": "nn.CrossEntropyLoss()",
    "mse": "nn.MSELoss()",
    "bce": "nn.BCEWithLogitsLoss()",
}

#: Optimiser → class, and what is given beside the rate.
OPTIMISERS: Mapping[str, tuple[str, str]] = {
    "sgd": ("SGD", ""),
    "momentum": ("SGD", ", momentum={momentum}"),
    "nesterov": ("SGD", ", momentum={momentum}, nesterov=True"),
    "rmsprop": ("RMSprop", ""),
    "adam": ("Adam", ""),
    "adamw": ("AdamW", ""),
}


def rows_of_classes(calls: Mapping[str, str]) -> dict[str, str]:
    """Class of torch.nn → the row that it is, of a table of calls: of two rows of one class the first.

    nn.Identity is none of them, and is left out.
    """
    rows: dict[str, str] = {}
    for name, call in calls.items():
        known = re.match(r"nn\.(\w+)", call)
        if known and known[1] != "Identity":
            rows.setdefault(known[1], name)
    return rows


#: Clipping → its statement; torch.nn.utils has two of them.
CLIPS: Mapping[str, str] = {
    "value": "torch.nn.utils.clip_grad_value_(model.parameters(), {most})",
    "norm": "torch.nn.utils.clip_grad_norm_(model.parameters(), {most})",
    "layer": "for module in model.modules():\n"
    "    if own := [*module.parameters(recurse=False)]:\n"
    "        torch.nn.utils.clip_grad_norm_(own, {most})",
    "adaptive": "for name, p in model.named_parameters():\n"
    '    if not name.startswith("output."):\n'
    "        rows = 1 if p.ndim > 1 else None\n"
    "        most = {most} * torch.linalg.vector_norm(p.data, dim=rows, keepdim=True).clamp(min=1e-3)\n"
    "        p.grad *= (most / torch.linalg.vector_norm(p.grad, dim=rows, keepdim=True).clamp(min=1e-6)).clamp(max=1)",
}
