"""The table of the kinds of findings: each is one row. Their order is that of causes before what they bring about."""

from __future__ import annotations

from ..core.message import English
from ..core.table import Table
from ..core.thresholds import DEAD, EXPLODED, SATURATED, VANISHED
from . import broken, over_depth, over_steps, over_time, precision, spikes, start, updates, wiring
from .code import CLIP, DETECT_ANOMALY, SET_RATE, SET_RATE_AND_CLIP
from .kind import (
    FindingKind,
    activations,
    any_loss,
    gradients,
    halves,
    later,
    losses_that_rise,
    losses_that_stay,
    over_time_steps,
    scaled,
    several_losses,
    trained,
)  # fmt: skip

_ALWAYS: English = "an error"
_DAMAGE: English = "an error where it did damage, else a note"
_UNLESS_LEARNING: English = "a note where the loss falls, else a fault"
_LESS_LEARNING: English = "an error; a warning where the loss falls all the same"

_INIT = """\
for module in model.modules():
    if isinstance(module, (torch.nn.Linear, torch.nn.Conv2d)):
        torch.nn.init.kaiming_normal_(module.weight, nonlinearity="relu")  # tanh: xavier_normal_
        if module.bias is not None:
            torch.nn.init.zeros_(module.bias)"""

KINDS = Table(
    "kind of finding",
    (
        FindingKind(
            "symmetric", "symmetric", later, start.symmetric, 0.0,
            "all rows of a matrix are equal at the start and at the fourth event",
            "Goodfellow et al. 2016, §8.4: symmetry must be broken",
            _ALWAYS,
            "the weights all began with the same value",
            'layer = model.get_submodule("$layer")\nfor weight in layer.parameters():\n    if weight.ndim > 1:\n'
            "        torch.nn.init.xavier_uniform_(weight)",
            "05-xavier",
        ),
        FindingKind(
            "stale_gradient", "stale gradient", trained, wiring.stale_gradient, wiring.STALE,
            "in half of the events, a step since the event before (or its own) used a gradient that nobody had cleared",
            "torch.optim: gradients add up until zero_grad()",
            _ALWAYS,
            "optimizer.zero_grad() is missing, or is not called in every step",
            "optimizer.zero_grad()\nloss.backward()\noptimizer.step()",
        ),
        FindingKind(
            "no_gradient", "no gradient", trained, wiring.no_gradient, 0.0,
            "a trainable parameter with an optimizer never has a gradient",
            "torch.autograd: .grad stays None where no path leads to the loss",
            "an error; a warning where it is never called; a note of an expert to whom nothing is sent",
            "nothing of it goes into the loss",
            'h = model.get_submodule("$layer")(x)  # no .detach(), .data, .numpy() or torch.no_grad() behind it',
        ),
        FindingKind(
            "not_updated", "not updated", trained, wiring.not_updated, 0.0,
            "an optimizer never steps",
            "torch.optim: parameters change in step() alone",
            _ALWAYS,
            "optimizer.step() of this optimizer is missing",
            "loss.backward()\noptimizer.step()  # of each optimizer",
        ),
        FindingKind(
            "not_optimized", "not optimized", trained, wiring.not_optimized, 0.0,
            "a gradient reaches parameters that no optimizer has",
            "torch.optim: an optimizer has the parameters that it was made with",
            "an error; a warning where the last layer is trained, and it learns",
            "the layer was made, or replaced, after the optimizer",
            'optimizer.add_param_group({"params": model.get_submodule("$layer").parameters()})\n'
            "# or make the optimizer after the last change of the model",
        ),
        FindingKind(
            "dead", "dead", activations, over_depth.dead, DEAD,
            "90 % of a rectified layer's units are off for every sample in 80 % of the last quarter of the events; or "
            "a layer's gradient is exactly 0 in all of it",
            "after SageMaker Debugger's DeadRelu; 90 % because it is one batch",
            _LESS_LEARNING,
            "biases that are far below 0 from the start, or weights whose inputs are all of one sign",
            'layer = model.get_submodule("$layer")  # the one before it, where it is an activation\n'
            "# a smaller learning rate, biases of 0, and a slope on the left:\n"
            "activation = torch.nn.LeakyReLU(0.01)",
            "21-dead-relus",
        ),
        FindingKind(
            "bad_init", "bad initialisation", activations, start.bad_init, start.RANGE,
            "at step 0 the scale of the outputs changes over 100 times over depth, 60 % of the layers one way",
            "Glorot & Bengio 2010, He et al. 2015: each layer is to keep the scale; 100 because healthy runs reach 10",
            _ALWAYS,
            "the weights' scale at the start does not fit the activation and the width",
            _INIT,
            "05-xavier",
        ),
        FindingKind(
            "saturated", "saturated", activations, over_depth.saturated, SATURATED,
            "over half of a hidden layer's outputs are at the ends of its function, in 80 % of the events",
            "|a| > 0.97 counts as saturated (Karpathy, makemore part 3); over half of a layer",
            _UNLESS_LEARNING,
            "weights or inputs that are too large for the function",
            'for module in model.modules():\n    if isinstance(module, torch.nn.Linear):\n'
            "        torch.nn.init.xavier_normal_(module.weight)\n"
            "# inputs of mean 0 and variance 1; or torch.nn.LayerNorm before the function",
            "05-xavier",
        ),
        # Over time first: what a recurrent module does over time is what all before it gets.
        FindingKind(
            "exploding_time", "exploding over time", over_time_steps, over_time.exploding_time, EXPLODED,
            "a time step's gradient is over 1,000 times that of the last one, in half of the events",
            "Bengio et al. 1994, Pascanu et al. 2013; the threshold is that over depth",
            _LESS_LEARNING,
            "recurrent weights with singular values above 1: their power grows with every step",
            CLIP + '\nfor name, weight in model.get_submodule("$layer").named_parameters():\n'
            '    if "weight_hh" in name:\n        for gate in weight.data.split(weight.shape[1]):\n'
            "            torch.nn.init.orthogonal_(gate)",
            "09-rnn-through-time",
        ),
        FindingKind(
            "vanishing_time", "vanishing over time", over_time_steps, over_time.vanishing_time, VANISHED,
            "the first time step gets under 1/1,000 of the largest gradient over time, in half of the events",
            "Bengio et al. 1994, Hochreiter & Schmidhuber 1997; the threshold is that over depth",
            "a fault where the loss has not fallen by 5 %, else a note",
            "a product over time of factors below 1: slopes of tanh and recurrent weights",
            "rnn = torch.nn.LSTM(input_size, hidden_size, batch_first=True)  # its cell state carries the gradient\n"
            "# or a shorter way: attention, a readout of every step, the mean of all h in place of the last",
            "11-forget-gate",
        ),
        FindingKind(
            "underflow", "underflow", halves, precision.underflow, precision.ZEROS,
            "over half of a float16 gradient's numbers are exactly 0, in half of the events",
            "Micikevicius et al. 2018: gradients below 6e-8 are 0 in float16",
            _LESS_LEARNING,
            "float16 without a loss scale",
            'scaler = torch.amp.GradScaler()\nscaler.scale(loss).backward()\nscaler.step(optimizer)\nscaler.update()\n'
            "# or bfloat16, which has float32's range",
        ),
        FindingKind(
            "exploding", "exploding", gradients, over_depth.exploding, EXPLODED,
            "a layer's gradient is over 1,000 times that of the last weighted layer, in half of the events",
            "threshold 1e3, the mirror image of vanishing; AUTOTRAINER (ICSE 2021) warns from 70 on",
            _LESS_LEARNING,
            "weights so large that each layer multiplies the gradient by more than 1",
            _INIT + "\n" + CLIP,
            "06-exploding-and-clipping",
        ),
        FindingKind(
            "vanishing", "vanishing", gradients, over_depth.vanishing, VANISHED,
            "a layer and those before it get under 1/1,000 of the gradient of the last weighted layer, in half of the "
            "events",
            "threshold 1/1,000: AUTOTRAINER, ICSE 2021",
            "a note where the loss falls and these layers move, else a fault",
            "slopes and weights so small that each layer multiplies the gradient by less than 1",
            _INIT + "\n# and ReLU or GELU in place of sigmoid; a skip connection (h = h + f(h)); normalisation",
            "02-vanishing-with-sigmoid",
        ),
        FindingKind(
            "update_too_large", "update too large", trained, updates.update_too_large, updates.LARGE,
            "an update is larger than its weight, or over a tenth of it in three events running",
            "update / weight: about 1e-3 is usual (CS231n)",
            _DAMAGE,
            "the learning rate is too large",
            SET_RATE_AND_CLIP,
            "15-what-clipping-saves",
        ),
        FindingKind(
            "update_lost", "update lost", halves, precision.update_lost, precision.LOST,
            "over 90 % of the half-precision weights are as they were after an update, in half of the events",
            "bfloat16 has 8 bits: what is under 1/256 of a weight is lost (Zamirai et al. 2020)",
            _LESS_LEARNING,
            "weights in half precision, whose steps are larger than the updates",
            "model = model.float()  # half precision in the arithmetic alone\n"
            'with torch.autocast("cuda", dtype=torch.bfloat16):\n'
            "    loss = criterion(model(x), y)",
        ),
        FindingKind(
            "scaler_stuck", "scaler stuck", scaled, precision.scaler_stuck, precision.SKIPPED,
            "GradScaler leaves out 90 % of 20 events running",
            "torch.amp.GradScaler: each step that is left out halves the scale",
            _ALWAYS,
            "gradients that are not finite whatever the scale: the forward pass or the loss has an overflow",
            'with torch.autocast("cuda", dtype=torch.bfloat16):  # or float32 for the layer that overflows\n'
            "    loss = criterion(model(x), y)",
        ),
        FindingKind(
            "loss_spike", "loss spike", several_losses, spikes.loss_spike, spikes.DEVIATIONS,
            "a loss 7 deviations above the 50 before it, and over three times their largest",
            "OLMo (2024): 7 standard deviations; PaLM (2022): batches that bring spikes are left out",
            "a warning; an error where it stays; a note of a hard sample",
            "a batch unlike the others, or an update that went too far",
            CLIP + "\n# look at the batch of this step: x.abs().max(), y.abs().max()",
            "15-what-clipping-saves",
        ),
        FindingKind(
            "update_too_small", "update too small", trained, updates.update_too_small, updates.SMALL,
            "updates are under 1e-7 of 90 % of the weights in half of the events, the last layer's among them",
            "float32 resolves 6e-8 of a weight; SageMaker Debugger warns from 1e-8 on",
            _UNLESS_LEARNING,
            "the learning rate is too small",
            SET_RATE,
            "16-adam-and-vanishing",
        ),
        FindingKind(
            "non_finite", "non-finite", any_loss, broken.non_finite, 0.0,
            "the loss, a gradient that counts or a weight is NaN or infinite",
            "IEEE 754: overflow gives inf, and inf − inf or 0 · inf gives NaN",
            "an error; a warning where it passed",
            "an overflow, or an operation that is not defined",
            DETECT_ANOMALY,
            "06-exploding-and-clipping",
        ),
        FindingKind(
            "loss_rises", "loss rises", losses_that_rise, over_steps.loss_rises, over_steps.RISES,
            "the median loss of the last tenth is over three times that of the first; of fewer than 20 the last is "
            "over 100 times the first ones, or each is above the one before, tenfold in all",
            "what is minimised is to fall; AUTOTRAINER (ICSE 2021)",
            _ALWAYS,
            "updates that go too far, or the wrong way: the learning rate, or the loss's sign",
            "loss = criterion(model(x), y)  # its sign, and the order of prediction and target\n"
            "for group in optimizer.param_groups:\n    group[\"lr\"] /= 10",
            "15-what-clipping-saves",
        ),
        FindingKind(
            "loss_flat", "loss flat", losses_that_stay, over_steps.loss_flat, over_steps.FLAT,
            "the loss does not fall by 5 %; a fault at what guessing costs, with nothing else wrong",
            "ln(classes) is what guessing costs: Karpathy, A Recipe for Training Neural Networks, 2019",
            "a warning at what guessing costs, else a note",
            "the labels do not belong to the inputs",
            "x, y = next(iter(loader))\nprint(x.shape, y[:16])",
        ),
        FindingKind(
            "frozen", "frozen", trained, wiring.frozen, 0.0,
            "parameters that are not trainable",
            "torch.Tensor.requires_grad",
            "a note",
            "requires_grad is False: it was meant, mostly",
            'model.get_submodule("$layer").requires_grad_(True)  # before the optimizer is made',
        ),
    ),
)  # fmt: skip
