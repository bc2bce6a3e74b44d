"""Healthy trainings of recurrent nets, transformers and language models."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import data
from .training import Watch, Zoo

ZOO = Zoo()


class Attention(nn.Module):
    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        batch, time, width = x.shape
        q, k, v = self.qkv(x).view(batch, time, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        rate = self.dropout if self.training else 0.0
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True, dropout_p=rate)
        return self.proj(mixed.transpose(1, 2).reshape(batch, time, width))


class GPTBlock(nn.Module):
    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = Attention(width, 2, dropout)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width), nn.Dropout(dropout)
        )

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.ln1(x))
        return x + self.mlp(self.ln2(x))


class GPT(nn.Module):
    """A language model with tied embeddings, drawn as GPT-2 is, that returns a dict with its loss."""

    def __init__(
        self, words: int = 16, width: int = 24, blocks: int = 2, length: int = 16, dropout: float = 0.1
    ) -> None:
        super().__init__()
        self.wte, self.wpe = nn.Embedding(words, width), nn.Embedding(16, width)
        self.h = nn.ModuleList([GPTBlock(width, dropout) for _ in range(blocks)])
        self.ln_f, self.lm_head = nn.LayerNorm(width), nn.Linear(width, words, bias=False)
        self.apply(self._init)
        for name, parameter in self.named_parameters():
            if name.endswith("proj.weight"):
                nn.init.normal_(parameter, std=0.02 / math.sqrt(2 * blocks))
        self.lm_head.weight = self.wte.weight

    def _init(self, module: nn.Module) -> None:
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)

    def forward(self, input_ids: Tensor, labels: Tensor | None = None) -> dict[str, Any]:
        x = self.wte(input_ids) + self.wpe(torch.arange(input_ids.shape[1]))
        for block in self.h:
            x = block(x)
        logits = self.lm_head(self.ln_f(x))
        loss = None if labels is None else F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=-100)
        return {"loss": loss, "logits": logits}


@ZOO.healthy()
def language_model_with_tied_embeddings(seed: int, watch: Watch) -> None:
    """Warm-up, then a cosine to zero; clipping; AdamW with two groups."""
    torch.manual_seed(seed)
    model = GPT()
    decay = [parameter for parameter in model.parameters() if parameter.dim() > 1]
    rest = [parameter for parameter in model.parameters() if parameter.dim() < 2]
    optimizer = torch.optim.AdamW(
        [{"params": decay, "weight_decay": 0.1}, {"params": rest, "weight_decay": 0.0}], lr=5e-3, betas=(0.9, 0.95)
    )
    total, warm = 150, 15
    scheduler = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda step: step / warm if step < warm else 0.5 * (1 + math.cos(math.pi * (step - warm) / (total - warm))),
    )
    watch(model, optimizer)
    tokens = data.text(4000)
    for _ in range(total):
        inputs, labels = data.windows(tokens, 16, 16)
        loss = model(inputs, labels=labels)["loss"]
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad(set_to_none=True)


@ZOO.healthy()
def post_norm_transformer_with_dropout(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)

    class Classifier(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(6, 24)
            self.position = nn.Parameter(torch.randn(1, 12, 24) * 0.02)
            layer = nn.TransformerEncoderLayer(24, 4, 48, dropout=0.1, batch_first=True, norm_first=False)
            self.encoder = nn.TransformerEncoder(layer, 4, enable_nested_tensor=False)
            self.classifier = nn.Linear(24, 2)

        def forward(self, tokens: Tensor) -> Tensor:
            return self.classifier(self.encoder(self.embedding(tokens) + self.position).mean(1))

    model = Classifier()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    watch(model, optimizer)
    tokens, labels = data.counted(512, 12)
    for step in range(80):
        part = torch.arange(32) + 32 * (step % 16)
        loss = F.cross_entropy(model(tokens[part]), labels[part])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@ZOO.healthy()
def pre_norm_transformer(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    layer = nn.TransformerEncoderLayer(24, 4, 48, dropout=0.1, batch_first=True, norm_first=True, activation="gelu")
    model = nn.Sequential(
        nn.Embedding(6, 24),
        nn.TransformerEncoder(layer, 4, norm=nn.LayerNorm(24), enable_nested_tensor=False),
        nn.Linear(24, 2),
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    watch(model, optimizer)
    tokens, labels = data.counted(512, 12)
    for step in range(80):
        part = torch.arange(32) + 32 * (step % 16)
        optimizer.zero_grad()
        F.cross_entropy(model(tokens[part]).mean(1), labels[part], label_smoothing=0.1).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimizer.step()


class Tagger(nn.Module):
    def __init__(self, cell: type[nn.RNNBase], classes: int = 2, **settings: Any) -> None:
        super().__init__()
        self.embedding = nn.Embedding(6, 16)
        self.rnn = cell(16, 24, batch_first=True, **settings)
        self.fc = nn.Linear(48 if settings.get("bidirectional") else 24, classes)

    def forward(self, tokens: Tensor) -> Tensor:
        states, _ = self.rnn(self.embedding(tokens))
        return self.fc(states[:, -1])


def _classify(model: nn.Module, optimizer: torch.optim.Optimizer, length: int, steps: int) -> None:
    tokens, labels = data.counted(512, length)
    for _ in range(steps):
        part = torch.randint(512, (32,))
        optimizer.zero_grad()
        F.cross_entropy(model(tokens[part]), labels[part]).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()


@ZOO.healthy(quick=True)
def lstm_classifier(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = Tagger(nn.LSTM)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    watch(model, optimizer)
    _classify(model, optimizer, 12, 100)


@ZOO.healthy()
def two_layer_bidirectional_gru(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = Tagger(nn.GRU, num_layers=2, bidirectional=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    watch(model, optimizer)
    _classify(model, optimizer, 16, 80)


@ZOO.healthy()
def elman_net(seed: int, watch: Watch) -> None:
    """A plain RNN on short sequences: its gradient fades over time, and what it learns is near enough."""
    torch.manual_seed(seed)
    model = Tagger(nn.RNN)
    optimizer = torch.optim.RMSprop(model.parameters(), lr=2e-3)
    watch(model, optimizer)
    _classify(model, optimizer, 8, 150)


@ZOO.healthy()
def long_lstm_of_local_labels(seed: int, watch: Watch) -> None:
    """A label at each of fifty steps, which tells of the last two words: nothing need go back far."""
    torch.manual_seed(seed)
    embedding, rnn, out = nn.Embedding(4, 12), nn.LSTM(12, 24), nn.Linear(24, 2)
    model = nn.ModuleDict({"embedding": embedding, "rnn": rnn, "out": out})
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    watch(model, optimizer)
    for _ in range(80):
        tokens = torch.randint(4, (50, 16))
        labels = (tokens + tokens.roll(1, 0) > 3).long()
        states, _ = rnn(embedding(tokens))
        loss = F.cross_entropy(out(states[1:]).flatten(0, 1), labels[1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@ZOO.healthy()
def sequence_to_sequence(seed: int, watch: Watch) -> None:
    """An encoder and a decoder of GRUs that turns a sequence round, taught by the right words."""
    torch.manual_seed(seed)

    class Seq2Seq(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words = nn.Embedding(7, 16)
            self.encoder, self.decoder = nn.GRU(16, 48), nn.GRU(16, 48)
            self.out = nn.Linear(48, 7)

        def forward(self, source: Tensor, target: Tensor) -> Tensor:
            _, state = self.encoder(self.words(source))
            states, _ = self.decoder(self.words(target), state)
            return self.out(states)

    model = Seq2Seq()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    watch(model, optimizer)
    for _ in range(150):
        source = torch.randint(1, 7, (5, 32))
        wanted = source.flip(0)
        shifted = torch.cat([torch.zeros(1, 32, dtype=torch.long), wanted[:-1]])
        loss = F.cross_entropy(model(source, shifted).flatten(0, 1), wanted.flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()


@ZOO.healthy()
def truncated_backpropagation(seed: int, watch: Watch) -> None:
    """A long text in pieces of ten; the state goes on, detached."""
    torch.manual_seed(seed)

    class CharRNN(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed, self.lstm, self.out = nn.Embedding(16, 16), nn.LSTM(16, 32, 2), nn.Linear(32, 16)

        def forward(self, tokens: Tensor, state: Any) -> tuple[Tensor, Any]:
            states, state = self.lstm(self.embed(tokens), state)
            return self.out(states), state

    model = CharRNN()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    watch(model, optimizer)
    text = data.text(8 * 1001).view(8, -1).T
    state = None
    for start in range(0, 900, 10):
        logits, state = model(text[start : start + 10], state)
        loss = F.cross_entropy(logits.flatten(0, 1), text[start + 1 : start + 11].flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.25)
        optimizer.step()
        state = tuple(part.detach() for part in state)


@ZOO.healthy()
def cell_loop(seed: int, watch: Watch) -> None:
    """LSTMCell in a Python loop, with a readout at every step."""
    torch.manual_seed(seed)

    class Adder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell, self.fc = nn.LSTMCell(1, 24), nn.Linear(24, 1)

        def forward(self, x: Tensor) -> Tensor:
            h = c = x.new_zeros(x.shape[1], 24)
            outputs = []
            for step in x:
                h, c = self.cell(step, (h, c))
                outputs.append(self.fc(h))
            return torch.stack(outputs)

    model = Adder()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    watch(model, optimizer)
    for _ in range(100):
        x = torch.rand(8, 32, 1)
        loss = F.mse_loss(model(x), x.cumsum(0) / 4)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@ZOO.healthy()
def masked_words(seed: int, watch: Watch) -> None:
    """Self-supervised: 15 % of the words are hidden, and only they count."""
    torch.manual_seed(seed)

    class Bert(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embeddings = nn.ModuleDict({"word": nn.Embedding(17, 32), "position": nn.Embedding(16, 32)})
            layer = nn.TransformerEncoderLayer(32, 2, 64, 0.0, batch_first=True)
            self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
            self.cls = nn.Linear(32, 17)

        def forward(self, tokens: Tensor) -> Tensor:
            position = torch.arange(tokens.shape[1])
            return self.cls(self.encoder(self.embeddings["word"](tokens) + self.embeddings["position"](position)))

    model = Bert()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    watch(model, optimizer)
    text = data.text(3000)
    for _ in range(120):
        words, _ = data.windows(text, 24, 16)
        hidden = torch.rand(words.shape) < 0.15
        labels = words.masked_fill(~hidden, -100)
        loss = F.cross_entropy(model(words.masked_fill(hidden, 16)).flatten(0, 1), labels.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
