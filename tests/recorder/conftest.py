"""One thread for PyTorch in each worker: more get in each other's way, and its sums differ by their number."""

import torch

torch.set_num_threads(1)
