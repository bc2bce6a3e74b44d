"""What docs/real-run/run.jsonl was recorded of, on random numbers: twelve sigmoid layers that learn nothing."""

import torch
from torch import nn

import gradtui


class Net(nn.Module):
    def __init__(self, depth: int = 12, width: int = 64, classes: int = 4) -> None:
        super().__init__()
        self.hidden = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.head = nn.Linear(width, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self.hidden:
            x = torch.sigmoid(layer(x))
        return self.head(x)


torch.manual_seed(0)
inputs = torch.randn(4096, 64)
labels = inputs[:, :4].argmax(1)
model = Net()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
recorder = gradtui.watch(model, optimizer, "run.jsonl", every=20)
for _ in range(800):
    batch = torch.randint(0, len(inputs), (64,))
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(inputs[batch]), labels[batch])
    loss.backward()
    optimizer.step()
recorder.close()
