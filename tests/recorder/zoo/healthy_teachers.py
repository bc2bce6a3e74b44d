"""Healthy trainings that are taught by rewards, by other nets, or of which a part is frozen."""

from __future__ import annotations

import copy
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import data
from .healthy_kinds import mlp
from .training import Watch, Zoo

ZOO = Zoo()


@ZOO.healthy()
def policy_gradient(seed: int, watch: Watch) -> None:
    """REINFORCE on a contextual bandit, with a running baseline: the loss is noise around 0, and may be negative."""
    torch.manual_seed(seed)
    policy = mlp(4, 32, 3)
    optimizer = torch.optim.Adam(policy.parameters(), lr=5e-3)
    watch(policy, optimizer)
    baseline = 0.0
    for _ in range(200):
        state = torch.randn(32, 4)
        choice = torch.distributions.Categorical(logits=policy(state))
        action = choice.sample()
        reward = (action == state[:, :3].argmax(1)).float() + 0.1 * torch.randn(32)
        loss = -(choice.log_prob(action) * (reward - baseline)).mean() - 0.01 * choice.entropy().mean()
        baseline = 0.9 * baseline + 0.1 * reward.mean().item()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@ZOO.healthy()
def actor_and_critic(seed: int, watch: Watch) -> None:
    """A pole to be balanced by an actor and a critic of one trunk; returns, and so the loss, grow as it learns."""
    torch.manual_seed(seed)
    model = nn.ModuleDict({"trunk": nn.Sequential(nn.Linear(2, 32), nn.Tanh()), "pi": nn.Linear(32, 2)})
    model["v"] = nn.Linear(32, 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    watch(model, optimizer)
    for _ in range(60):
        state = 0.1 * torch.randn(16, 2)
        alive, logs, values, rewards = torch.ones(16), [], [], []
        for _time in range(12):
            h = model["trunk"](state)
            choice = torch.distributions.Categorical(logits=model["pi"](h))
            action = choice.sample()
            push = (2.0 * action.float() - 1) * 0.15
            speed = state[:, 1] + 0.2 * state[:, 0] + push
            state = torch.stack([state[:, 0] + 0.3 * speed, speed], 1)
            alive = alive * (state[:, 0].abs() < 1).float()
            logs.append(choice.log_prob(action) * alive)
            values.append(model["v"](h).squeeze(1))
            rewards.append(alive)
        total, returns = torch.zeros(16), []
        for reward in reversed(rewards):
            total = reward + 0.95 * total
            returns.insert(0, total)
        aim, value = torch.stack(returns), torch.stack(values)
        loss = -(torch.stack(logs) * (aim - value.detach())).mean() + 0.5 * F.mse_loss(value, aim)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimizer.step()


@ZOO.healthy()
def q_learning_with_a_target_network(seed: int, watch: Watch) -> None:
    """DQN on a chain of states: a frozen copy of the net inside the module, renewed every 25 steps."""
    torch.manual_seed(seed)

    class Agent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.online = mlp(8, 32, 2)
            self.target = copy.deepcopy(self.online).requires_grad_(False)

        def forward(self, x: Tensor) -> Tensor:
            return self.online(x)

    agent = Agent()
    optimizer = torch.optim.Adam(agent.online.parameters(), lr=2e-3)
    watch(agent, optimizer)
    for step in range(200):
        state, action = torch.randint(8, (64,)), torch.randint(2, (64,))
        following = (state + 2 * action - 1).clamp(0, 7)
        reward = (following == 7).float()
        with torch.no_grad():
            best = agent.target(F.one_hot(following, 8).float()).amax(1)
            aim = reward + 0.9 * best * (1 - reward)
        value = agent(F.one_hot(state, 8).float()).gather(1, action[:, None]).squeeze(1)
        loss = F.smooth_l1_loss(value, aim)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 25 == 24:
            agent.target.load_state_dict(agent.online.state_dict())


class LoRA(nn.Module):
    """W x + B A x: W is frozen, B begins at 0."""

    def __init__(self, base: nn.Linear, rank: int = 4) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora_A = nn.Parameter(torch.randn(rank, base.in_features) / math.sqrt(base.in_features))
        self.lora_B = nn.Parameter(torch.zeros(base.out_features, rank))

    def forward(self, x: Tensor) -> Tensor:
        return self.base(x) + 2 * F.linear(F.linear(x, self.lora_A), self.lora_B)


@ZOO.healthy()
def low_rank_adaptation(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = mlp(12, 48, 48, 4)
    x, y = data.points(512, 12, 4)
    before = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(60):
        before.zero_grad()
        F.cross_entropy(model(x), y).backward()
        before.step()
    for parameter in model.parameters():
        parameter.requires_grad = False
    for index in (0, 2, 4):
        model[index] = LoRA(model[index])
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=3e-3)
    watch(model, optimizer)
    labels = (y + 1) % 4
    for _ in range(120):
        part = torch.randint(512, (64,))
        optimizer.zero_grad()
        F.cross_entropy(model(x[part]), labels[part]).backward()
        optimizer.step()


@ZOO.healthy()
def fine_tuning_with_a_frozen_part(seed: int, watch: Watch) -> None:
    """A trained backbone: its first layer stays frozen, the next learns slowly, the new head fast."""
    torch.manual_seed(seed)
    model = nn.Sequential(mlp(12, 48, 48), nn.ReLU(), nn.Linear(48, 4))
    x, y = data.points(512, 12, 4)
    before = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(60):
        before.zero_grad()
        F.cross_entropy(model(x), y).backward()
        before.step()
    model[2] = nn.Linear(48, 2)
    model[0][0].requires_grad_(False)
    optimizer = torch.optim.AdamW(
        [{"params": model[0][2].parameters(), "lr": 1e-4}, {"params": model[2].parameters(), "lr": 1e-2}]
    )
    watch(model, optimizer)
    for _ in range(100):
        part = torch.randint(512, (32,))
        optimizer.zero_grad()
        F.cross_entropy(model(x[part]), y[part] % 2).backward()
        optimizer.step()


@ZOO.healthy()
def distillation(seed: int, watch: Watch) -> None:
    """The teacher is frozen, inside of the module, in eval mode and under no_grad."""
    torch.manual_seed(seed)

    class Distiller(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.teacher = mlp(10, 64, 64, 5).requires_grad_(False).eval()
            self.student = mlp(10, 24, 5)

        def forward(self, x: Tensor) -> Tensor:
            with torch.no_grad():
                taught = F.softmax(self.teacher(x) * 8 / 2, dim=1)
            return F.kl_div(F.log_softmax(self.student(x) / 2, dim=1), taught, reduction="batchmean") * 4

    model = Distiller()
    optimizer = torch.optim.Adam(model.student.parameters(), lr=3e-3)
    watch(model, optimizer)
    for _ in range(150):
        loss = model(torch.randn(64, 10))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@ZOO.healthy()
def moving_average_copy(seed: int, watch: Watch) -> None:
    """A copy whose weights are the average of the model's, kept by AveragedModel after the recorder has begun."""
    torch.manual_seed(seed)
    model = mlp(10, 48, 48, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    watch(model, optimizer)
    average = torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.95))
    x, y = data.points(512, 10, 3, spread=2.0)
    for step in range(120):
        part = torch.randint(512, (64,))
        optimizer.zero_grad()
        F.cross_entropy(model(x[part]), y[part]).backward()
        optimizer.step()
        average.update_parameters(model)
        if step % 40 == 0:
            with torch.no_grad():
                F.cross_entropy(average(x), y).item()
