"""Synthetic data that can be learnt: points, pictures, sequences."""

from __future__ import annotations

import torch
from torch import Tensor


def points(count: int, inputs: int, classes: int, spread: float = 1.0) -> tuple[Tensor, Tensor]:
    """Points around a centre of each class: (count, inputs), (count,)."""
    centres = torch.randn(classes, inputs) * 1.5
    labels = torch.randint(classes, (count,))
    return centres[labels] + spread * torch.randn(count, inputs), labels


def curve(count: int, inputs: int, outputs: int = 1) -> tuple[Tensor, Tensor]:
    """A smooth function of normal inputs, with a little noise, of about unit size."""
    x = torch.randn(count, inputs)
    mixed = torch.sin(x @ torch.randn(inputs, 8)) @ torch.randn(8, outputs) / 2
    return x, mixed + 0.05 * torch.randn(count, outputs)


def pictures(count: int, size: int = 12, channels: int = 1) -> tuple[Tensor, Tensor]:
    """Stripes of four directions with noise: (count, channels, size, size), (count,)."""
    labels = torch.randint(4, (count,))
    rows, columns = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    lines = torch.stack([rows, columns, rows + columns, rows - columns])[labels]
    phase = torch.randint(4, (count, 1, 1))
    images = torch.cos((lines + phase) * 1.6).unsqueeze(1)
    return images.repeat(1, channels, 1, 1) + 0.3 * torch.randn(count, channels, size, size), labels


def first_token(count: int, length: int, words: int = 4) -> tuple[Tensor, Tensor]:
    """Sequences of words whose class is their first word: what must be remembered to the end."""
    tokens = torch.randint(words, (count, length))
    return tokens, tokens[:, 0].clone()


def counted(count: int, length: int, words: int = 6) -> tuple[Tensor, Tensor]:
    """Sequences whose class is whether the words of the first half of the vocabulary are the more: any step helps."""
    tokens = torch.randint(words, (count, length))
    return tokens, ((tokens < words // 2).float().mean(1) > 0.5).long()


def text(length: int, words: int = 16) -> Tensor:
    """A Markov chain: each word has two likely followers."""
    followers = torch.randint(words, (words, 2))
    chosen, chance = torch.randint(2, (length,)).tolist(), torch.rand(length).tolist()
    random = torch.randint(words, (length,)).tolist()
    table, tokens = followers.tolist(), [0]
    for index in range(1, length):
        tokens.append(table[tokens[-1]][chosen[index]] if chance[index] < 0.9 else random[index])
    return torch.tensor(tokens)


def windows(tokens: Tensor, count: int, length: int) -> tuple[Tensor, Tensor]:
    """Pieces of a text, and each piece one word on."""
    starts = torch.randint(len(tokens) - length - 1, (count,))
    index = starts[:, None] + torch.arange(length)
    return tokens[index], tokens[index + 1]
