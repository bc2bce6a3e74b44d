"""PyTorch code that several remedies have."""

from __future__ import annotations

#: $lr is the rate that the finding comes to.
SET_RATE = """\
for group in optimizer.param_groups:
    group["lr"] = $lr"""
_CLIPPING = "torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)"
CLIP = f"{_CLIPPING}  # before optimizer.step()"
SET_RATE_AND_CLIP = f"{SET_RATE}\n# and before optimizer.step():\n{_CLIPPING}"
#: Stops at the operation whose gradient is not finite.
DETECT_ANOMALY = """\
with torch.autograd.detect_anomaly():
    loss = criterion(model(x), y)
    loss.backward()"""
