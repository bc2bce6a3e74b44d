"""The format of a recorded training, which the recorder writes and the engine reads: schema 1.

A file has one JSON object a line, each written by one call of `os.write`, so that a file whose writer was killed is
whole up to its last line. A number that is not finite is "nan", "inf" or "-inf", one that is not known is null. Who
reads passes over kinds of lines, fields and columns that it does not know; new columns are added at the end of a row.

"run", the first line; another one in the same file is a run that was resumed, or that began anew:

- schema, id (of this run, random), torch (its version; null of a training of gradtui's own), time (seconds since 1970),
  rank [r, n], compiled, command or script (what was started)
- modules [[name, class, nearest class of torch.nn, settings {in_features, hidden_size, …}]], all that
  `named_modules()` gives, in its order; the model itself, the first, has the name ""
- params [[name, shape, dtype, requires_grad, index of its optimizer or null]]
- tied [[names of one parameter]], symmetric [names of matrices all of whose rows are equal at the
  start, of a recurrent module's those of each gate]
- opt [{name, lr, weight_decay, momentum, betas, eps, …}], one an optimizer, what of it is known
- fields {"a": [columns], "p": [columns], …}: the names of the columns below; of gradtui's own trainings also
  experiment, given, training, guess

"step", a sampled step, written when it is over:

- n (optimizer steps before it since the run began), t (seconds since 1970), dt (seconds that the step took), own
  (seconds that recording has cost so far)
- loss (of all micro-batches together, without the loss scale), ring [[n, loss]] of the steps between the line before
  and this one; it begins with the step of the line before where its loss was said after its line was written, and then
  that one holds; root (name of the loss's grad_fn), mb (micro-batches), o [indices of the optimizers that stepped]
- lr [of each parameter group], gn [norm of all gradients after backward, and as the optimizer gets it], scale (of
  GradScaler; null without), skipped (GradScaler left the step out), stale (in this step or in one since the line before
  nobody cleared the gradient of the step before it)
- half ("float16" or "bfloat16" where an activation has it, else null), x [mean, rms, min, max, shape] of the model's
  input
- a: a row of A_COLUMNS for each call of a module, in the order of the calls
- broken [[module, rms, module and call of the row of `a` before it]]: outputs that are not finite, of modules with
  others inside whose calls have no row; left out where there are none
- p: a row of P_COLUMNS for each parameter that an optimizer has; of one that did not step in it the weight alone
- seq [{"m": module, "of": [samples looked at, batch], "l": [one of each layer and direction: {"layer", "reverse",
  "h": norms of ∂L/∂h_t for t = 0 … T, "c": of ∂L/∂c_t, a gate's letter: its mean at t = 1 … T}], "check": relative
  difference of the ∂L/∂W_hh that follows from them to the real one, null where it cannot be compared}]; t counts the
  direction's own steps, so that a reversed one's T is at the first input; of a cell (nn.LSTMCell …) called in a loop
  each call is a step, there are no gates, and t = 0 is null
- symmetric, in the fourth step line alone: the names of those that still are

"note": n, text (what cannot be seen, and why), module (its name, where it is about one).
"end": n, why ("closed", "exit", "size", "error"), own, wall (seconds), ring (of the steps since the last line), mb
(backward passes after which no optimizer stepped).
"""

from __future__ import annotations

import math
from typing import Final

SCHEMA: Final = 1
#: From so many bytes of a run on every second step is left out (again at each doubling); at the most there are so many.
THINNED: Final = 32 * 2**20
MOST: Final = 256 * 2**20
#: Of a call's output: module (index in modules), call (0 the first in this step), mean, root of the mean square,
#: smallest, largest, share of units that are 0 for every sample (where the output is rectified), share of outputs at
#: the ends of a saturating function, norm of ∂L/∂output, share of its numbers that are exactly 0 (of float16). off and
#: sat of a weighted module are those of the function that its output goes through, where that is no module.
A_COLUMNS: Final = ("module", "call", "mean", "rms", "min", "max", "off", "sat", "grad", "zero")
#: Of a parameter: index in params, norm of the gradient that the optimizer gets, norm before the update, norm of the
#: update over it (of a sample of the elements), share of half-precision elements that the update left as they were.
P_COLUMNS: Final = ("param", "grad", "weight", "update", "still")
#: The line that has the names of matrices that are still symmetric: so many step lines were written before it.
SYMMETRY_AGAIN: Final = 3


def written(value: float | None) -> float | str | None:
    """A number as it stands in a line: five significant digits."""
    if value is None:
        return None
    if math.isfinite(value):
        return float(f"{value:.5g}")
    return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
