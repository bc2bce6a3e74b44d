"""One thread for PyTorch in each worker: more get in each other's way, and its sums differ by their number."""

from pathlib import Path

from tests import left_out

if not left_out.wants(Path(__file__).parent):
    import torch

    torch.set_num_threads(1)
