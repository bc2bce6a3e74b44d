"""Training loops of every kind: what belongs to a step, what its gradient and loss are, when it is over."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from gradtui_recorder import watch

from .trainings import batch, columns, kinds, mlp, notes, steps, total

cross_entropy = nn.functional.cross_entropy


def test_accumulation_is_one_step_of_several_backward_passes(tmp_path: Path) -> None:
    model = mlp()
    twin = copy.deepcopy(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer, tmp_path / "run.jsonl", every=1):
        for step in range(8):
            x, y = batch(step)
            (cross_entropy(model(x), y) / 4).backward()
            if step % 4 == 3:
                optimizer.step()
                optimizer.zero_grad()
    first, second = steps(tmp_path / "run.jsonl")
    loss = sum((cross_entropy(twin(x), y) / 4 for x, y in map(batch, range(4))), torch.tensor(0.0))
    loss.backward()
    assert (first["mb"], second["mb"], first["stale"], second["stale"]) == (4, 4, False, False)
    assert first["loss"] == pytest.approx(loss.item(), rel=1e-4)
    assert first["root"] == "NllLossBackward0"
    assert first["gn"] == pytest.approx([total(p.grad for p in twin.parameters())] * 2, rel=1e-3)
    assert [row[:2] for row in first["a"] if row[0] == 1] == [[1, 0], [1, 1], [1, 2], [1, 3]]


@pytest.mark.parametrize("none", [True, False])
def test_a_gradient_that_is_cleared_in_either_way_is_not_stale(tmp_path: Path, none: bool) -> None:
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer, tmp_path / "run.jsonl", every=1):
        for step in range(4):
            optimizer.zero_grad(set_to_none=none)
            cross_entropy(model(batch(step)[0]), batch(step)[1]).backward()
            optimizer.step()
    assert [line["stale"] for line in steps(tmp_path / "run.jsonl")] == [False] * 4
    assert [line["mb"] for line in steps(tmp_path / "run.jsonl")] == [1] * 4


def test_a_gradient_that_is_cleared_behind_autograds_back_is_not_stale(tmp_path: Path) -> None:
    """`grad.data.zero_()`, as old scripts have it, leaves the gradient's version as it was."""
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer, tmp_path / "run.jsonl", every=1):
        for step in range(4):
            for parameter in model.parameters():
                if parameter.grad is not None:
                    parameter.grad.data.zero_()
            cross_entropy(model(batch(step)[0]), batch(step)[1]).backward()
            optimizer.step()
    assert [line["stale"] for line in steps(tmp_path / "run.jsonl")] == [False] * 4


@pytest.mark.parametrize("every", [1, 2])
def test_a_gradient_that_nobody_clears_is_stale(tmp_path: Path, every: int) -> None:
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with watch(model, optimizer, tmp_path / "run.jsonl", every=every):
        for step in range(6):
            for part in (0, 1):
                (cross_entropy(model(batch(2 * step + part)[0]), batch(2 * step + part)[1]) / 2).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
    assert [line["stale"] for line in steps(tmp_path / "run.jsonl")] == [False] + [True] * (6 // every - 1)


class _Gan(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.generator = nn.Linear(2, 4)
        self.discriminator = nn.Linear(4, 1)


def _gan_step(gan: _Gan, opt_d: Any, opt_g: Any) -> tuple[float, float]:
    """One step of the discriminator and one of the generator; their losses."""
    fake = gan.generator(torch.ones(3, 2))
    loss_d = gan.discriminator(torch.ones(3, 4)).mean() - gan.discriminator(fake.detach()).mean()
    opt_d.zero_grad()
    loss_d.backward()
    opt_d.step()
    loss_g = gan.discriminator(gan.generator(torch.ones(3, 2))).square().mean()
    opt_g.zero_grad()
    loss_g.backward()
    opt_g.step()
    return loss_d.item(), loss_g.item()


def test_what_others_leave_in_the_gradient_is_no_part_of_the_step_if_it_is_cleared(tmp_path: Path) -> None:
    """The generator's backward pass goes through the discriminator, whose gradient is cleared before its own."""
    gan = _Gan()
    opt_d = torch.optim.SGD(gan.discriminator.parameters(), lr=0.01)
    opt_g = torch.optim.SGD(gan.generator.parameters(), lr=0.01)
    with (
        watch(gan.discriminator, opt_d, tmp_path / "d.jsonl", every=1),
        watch(gan.generator, opt_g, tmp_path / "g.jsonl", every=1),
    ):
        losses = [_gan_step(gan, opt_d, opt_g) for _ in range(3)]
    d, g = steps(tmp_path / "d.jsonl"), steps(tmp_path / "g.jsonl")
    assert [line["loss"] for line in d] == pytest.approx([loss for loss, _ in losses], rel=1e-4)
    assert [line["loss"] for line in g] == pytest.approx([loss for _, loss in losses], rel=1e-4)
    assert [line["mb"] for line in d] == [1, 1, 1]
    assert [len(line["a"]) for line in d] == [2, 2, 2]
    assert not any(line["stale"] for line in d + g)
    # The gradient of the step is that before the optimizer's own: of the mean of x and of -fake, by hand.
    assert d[1]["gn"][0] == pytest.approx(d[1]["gn"][1], rel=1e-5)


def test_with_several_optimizers_a_step_is_over_when_all_have_stepped(tmp_path: Path) -> None:
    gan = _Gan()
    opt_d = torch.optim.SGD(gan.discriminator.parameters(), lr=0.01)
    opt_g = torch.optim.Adam(gan.generator.parameters(), lr=0.02)
    with watch(gan, [opt_d, opt_g], tmp_path / "run.jsonl", every=1):
        losses = [sum(_gan_step(gan, opt_d, opt_g)) for _ in range(4)]
    lines = steps(tmp_path / "run.jsonl")
    assert [line["n"] for line in lines] == [0, 1, 2, 3]
    assert [line["o"] for line in lines] == [[0, 1]] * 4
    assert [line["loss"] for line in lines] == pytest.approx(losses, rel=1e-4)
    assert lines[0]["lr"] == [0.01, 0.02]
    assert [row[0] for row in lines[0]["p"]] == [0, 1, 2, 3]
    assert kinds(tmp_path / "run.jsonl", "run")[0]["params"][0][4] == 1


def test_an_optimizer_that_steps_again_begins_the_next_step(tmp_path: Path) -> None:
    """WGAN: three steps of the critic for one of the generator."""
    gan = _Gan()
    opt_d = torch.optim.SGD(gan.discriminator.parameters(), lr=0.01)
    opt_g = torch.optim.SGD(gan.generator.parameters(), lr=0.01)
    losses = []
    with watch(gan, [opt_d, opt_g], tmp_path / "run.jsonl", every=1):
        for step in range(6):
            opt_d.zero_grad()
            loss = gan.discriminator(torch.ones(3, 4) * (step + 1)).mean()
            loss.backward()
            losses.append(loss.item())
            opt_d.step()
            if step % 3 == 2:
                opt_g.zero_grad()
                loss = gan.discriminator(gan.generator(torch.ones(3, 2))).square().mean()
                loss.backward()
                losses[-1] += loss.item()
                opt_g.step()
    lines = steps(tmp_path / "run.jsonl")
    assert [line["o"] for line in lines] == [[0], [0], [0, 1], [0], [0], [0, 1]]
    assert [line["loss"] for line in lines] == pytest.approx(losses, rel=1e-4)
    assert [len(line["a"]) for line in lines] == [1, 1, 3, 1, 1, 3]
    assert [line["n"] for line in lines] == list(range(6))
    assert all(line["gn"][0] == pytest.approx(line["gn"][1], rel=1e-3) for line in lines if line["o"] == [0])


def test_an_optimizer_that_never_steps_is_not_waited_for(tmp_path: Path) -> None:
    model = mlp()
    first = torch.optim.SGD(model[:2].parameters(), lr=0.1)
    never = torch.optim.SGD(model[2:].parameters(), lr=0.1)
    with watch(model, [first, never], tmp_path / "run.jsonl", every=1):
        for step in range(12):
            model.zero_grad()
            cross_entropy(model(batch(step)[0]), batch(step)[1]).backward()
            first.step()
    lines = steps(tmp_path / "run.jsonl")
    assert [line["n"] for line in lines] == list(range(12))
    assert all(line["o"] == [0] and line["mb"] == 1 and len(line["a"]) == 5 for line in lines)


def test_a_closure_makes_the_gradient_inside_of_the_step(tmp_path: Path) -> None:
    """As Lightning does it with every optimizer."""
    model = mlp()
    plain = mlp()
    lines = []
    for name, watched, with_closure in (("closure", model, True), ("plain", plain, False)):
        optimizer = torch.optim.Adam(watched.parameters(), lr=0.01)
        with watch(watched, optimizer, tmp_path / f"{name}.jsonl", every=1):
            for step in range(3):
                x, y = batch(step)

                def closure(optimizer: Any = optimizer, watched: Any = watched, x: Any = x, y: Any = y) -> Any:
                    optimizer.zero_grad()
                    loss = cross_entropy(watched(x), y)
                    loss.backward()
                    nn.utils.clip_grad_norm_(watched.parameters(), 0.1)
                    return loss

                if with_closure:
                    optimizer.step(closure)
                else:
                    closure()
                    optimizer.step()
        lines.append(steps(tmp_path / f"{name}.jsonl"))
    for inside, outside in zip(*lines, strict=True):
        for key in ("loss", "mb", "gn", "a", "p", "x", "stale", "root"):
            assert inside[key] == outside[key], key


def test_lbfgs_looks_for_its_step_with_many_backward_passes_of_which_the_first_is_recorded(tmp_path: Path) -> None:
    model = nn.Linear(4, 3)
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=6, line_search_fn="strong_wolfe")
    losses: list[float] = []
    with watch(model, optimizer, tmp_path / "run.jsonl", every=1):
        for _ in range(3):
            evaluations: list[float] = []

            def closure(evaluations: list[float] = evaluations) -> Any:
                optimizer.zero_grad()
                loss = cross_entropy(model(batch(0)[0]), batch(0)[1])
                loss.backward()
                evaluations.append(loss.item())
                return loss

            optimizer.step(closure)
            assert len(evaluations) > 1
            losses.append(evaluations[0])
    lines = steps(tmp_path / "run.jsonl")
    assert [line["loss"] for line in lines] == pytest.approx(losses, rel=1e-4)
    assert [line["mb"] for line in lines] == [1, 1, 1]
    assert [len(line["a"]) for line in lines] == [1, 1, 1]
    assert columns(tmp_path / "run.jsonl", lines[0], "update", "p")["weight"] > 0.1
    assert notes(tmp_path / "run.jsonl") == []


def test_forward_passes_without_gradients_and_validation_are_no_part_of_the_step(tmp_path: Path) -> None:
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer, tmp_path / "run.jsonl", every=1):
        for step in range(3):
            with torch.no_grad():
                model(torch.full((2, 4), 1000.0))
            model.eval()
            model(torch.full((2, 4), 1000.0))
            model.train()
            optimizer.zero_grad()
            cross_entropy(model(batch(step)[0]), batch(step)[1]).backward()
            optimizer.step()
    for line in steps(tmp_path / "run.jsonl"):
        assert len(line["a"]) == 5
        assert all(abs(row[5]) < 100 for row in line["a"])


def test_what_an_earlier_optimizer_got_is_kept_when_a_gradient_is_cleared_after_its_step(tmp_path: Path) -> None:
    gan = _Gan()
    opt_d = torch.optim.SGD(gan.discriminator.parameters(), lr=0.01)
    opt_g = torch.optim.SGD(gan.generator.parameters(), lr=0.01)
    with watch(gan, [opt_d, opt_g], tmp_path / "run.jsonl", every=1):
        for _ in range(3):
            opt_d.zero_grad()
            loss_d = gan.discriminator(torch.ones(3, 4)).mean()
            loss_d.backward()
            opt_d.step()
            gan.discriminator(gan.generator(torch.full((3, 2), 9.0))).sum().backward()
            opt_g.zero_grad()
            loss_g = gan.discriminator(gan.generator(torch.ones(3, 2))).square().mean()
            loss_g.backward()
            opt_g.step()
    line = steps(tmp_path / "run.jsonl")[-1]
    assert line["loss"] == pytest.approx((loss_d + loss_g).item(), rel=1e-4)
    assert [row[:2] for row in line["a"]] == [[2, 0], [1, 0], [2, 1]]
    assert line["gn"][0] == pytest.approx(line["gn"][1], rel=1e-4)
    assert line["mb"] == 2


def test_a_gradient_penalty_is_not_the_losss_gradient(tmp_path: Path) -> None:
    model = mlp()
    twin = copy.deepcopy(model)

    def loss_of(net: Any) -> Any:
        x = batch(0)[0].requires_grad_()
        out = net(x)
        slope = torch.autograd.grad(out.sum(), x, create_graph=True)[0]
        return cross_entropy(out, batch(0)[1]) + 1000 * slope.square().mean()

    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer, tmp_path / "run.jsonl", every=1):
        loss = loss_of(model)
        loss.backward()
        optimizer.step()
    line = steps(tmp_path / "run.jsonl")[0]
    expected = loss_of(twin)
    expected.backward()
    assert line["loss"] == pytest.approx(expected.item(), rel=1e-4)
    assert line["gn"][0] == pytest.approx(total(p.grad for p in twin.parameters() if p.grad is not None), rel=1e-3)


def test_the_loss_that_is_given_counts(tmp_path: Path) -> None:
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer, tmp_path / "run.jsonl", every=2) as rec:
        for step in range(3):
            optimizer.zero_grad()
            cross_entropy(model(batch(step)[0]), batch(step)[1]).backward()
            rec.loss(torch.tensor(step + 0.25))
            rec.loss(step + 0.75)
            optimizer.step()
        rec.note("the data change here")
    lines = steps(tmp_path / "run.jsonl")
    assert [line["loss"] for line in lines] == [0.5, 2.5]
    assert lines[1]["ring"] == [[1, 1.5]]
    assert notes(tmp_path / "run.jsonl") == ["the data change here"]


def test_modules_that_are_called_without_their_model_are_seen(tmp_path: Path) -> None:
    """Lightning calls `training_step`, which calls what it likes."""
    model = nn.ModuleDict({"encoder": nn.Linear(4, 2), "decoder": nn.Linear(2, 4)})
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer, tmp_path / "run.jsonl", every=1):
        for step in range(2):
            x = batch(step)[0]
            optimizer.zero_grad()
            nn.functional.mse_loss(model["decoder"](model["encoder"](x)), x).backward()
            optimizer.step()
    lines = steps(tmp_path / "run.jsonl")
    assert [[row[0] for row in line["a"]] for line in lines] == [[1, 2], [1, 2]]
    assert lines[0]["x"] is not None
    assert lines[0]["root"] == "MseLossBackward0"


def test_optimizers_that_step_inside_of_the_backward_pass(tmp_path: Path) -> None:
    """One for each parameter, which steps as soon as its gradient is there: no gradients are held."""
    model = mlp()
    optimizers = {parameter: torch.optim.SGD([parameter], lr=0.1) for parameter in model.parameters()}

    def step_now(parameter: Any) -> None:
        optimizers[parameter].step()
        optimizers[parameter].zero_grad()

    for parameter in model.parameters():
        parameter.register_post_accumulate_grad_hook(step_now)
    losses = []
    with watch(model, list(optimizers.values()), tmp_path / "run.jsonl", every=1):
        for step in range(4):
            loss = cross_entropy(model(batch(step)[0]), batch(step)[1])
            loss.backward()
            losses.append(loss.item())
    lines = steps(tmp_path / "run.jsonl")
    assert [line["loss"] for line in lines] == pytest.approx(losses, rel=1e-4)
    assert [(line["mb"], line["stale"], len(line["a"])) for line in lines] == [(1, False, 5)] * 4
    assert all(row[1] is not None and row[3] is not None for line in lines for row in line["p"])


def test_sharpness_aware_minimisation_steps_by_the_optimizer_that_it_has_inside(tmp_path: Path) -> None:
    class Sam(torch.optim.Optimizer):
        def __init__(self, parameters: Any) -> None:
            super().__init__(parameters, {})
            self.base_optimizer = torch.optim.SGD(self.param_groups, lr=0.1)

        def step(self, closure: Any = None) -> None:
            self.base_optimizer.step()

    model = mlp()
    sam = Sam(model.parameters())
    with watch(model, sam, tmp_path / "run.jsonl", every=1):
        for step in range(4):
            for first in (True, False):
                cross_entropy(model(batch(step)[0]), batch(step)[1]).backward()
                if first:
                    sam.zero_grad()
            (sam if step < 2 else sam.base_optimizer).step()
            sam.zero_grad()
    lines = steps(tmp_path / "run.jsonl")
    assert [(line["n"], line["mb"], len(line["a"]), len(line["p"])) for line in lines] == [
        (step, 1, 5, 6) for step in range(4)
    ]


def test_losses_of_a_mixture_of_experts_are_kept_whichever_expert_a_step_reaches(tmp_path: Path) -> None:
    model = nn.ModuleList([nn.Linear(4, 3) for _ in range(4)])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    with watch(model, optimizer, tmp_path / "run.jsonl", every=9):
        for step in range(10):
            optimizer.zero_grad()
            loss = cross_entropy(model[step % 4](batch(step)[0]), batch(step)[1])
            loss.backward()
            losses.append(loss.item())
            optimizer.step()
    last = steps(tmp_path / "run.jsonl")[1]
    assert [n for n, _ in last["ring"]] == list(range(1, 9))
    assert [loss for _, loss in last["ring"]] == pytest.approx(losses[1:9], rel=1e-4)


def test_two_recorders_of_one_model_say_the_same(tmp_path: Path) -> None:
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    first = watch(model, optimizer, tmp_path / "1.jsonl", every=1)
    second = watch(model, optimizer, tmp_path / "2.jsonl", every=1)
    for step in range(4):
        optimizer.zero_grad()
        cross_entropy(model(batch(step)[0]), batch(step)[1]).backward()
        optimizer.step()
        if step == 1:
            first.close()
            first.close()
    second.close()
    one, two = steps(tmp_path / "1.jsonl"), steps(tmp_path / "2.jsonl")
    assert (len(one), len(two)) == (2, 4)
    assert [(line["a"], line["p"], line["loss"]) for line in one] == [
        (line["a"], line["p"], line["loss"]) for line in two[:2]
    ]


def test_a_loop_in_a_notebook_that_is_run_twice(tmp_path: Path) -> None:
    """The cell makes a new model and records to the same file: the earlier recorder ends, the file has two runs."""
    cell = (
        "import torch, gradtui\n"
        "model = torch.nn.Linear(2, 1)\n"
        "optimizer = torch.optim.SGD(model.parameters(), lr=0.1)\n"
        "rec = gradtui.watch(model, optimizer, path, every=1)\n"
        "for _ in range(3):\n"
        "    optimizer.zero_grad()\n"
        "    model(torch.ones(1, 2)).sum().backward()\n"
        "    optimizer.step()\n"
    )
    path = tmp_path / "run.jsonl"
    namespace: dict[str, Any] = {"path": str(path), "__name__": "__main__"}
    exec(cell, namespace)
    exec(cell, namespace)
    namespace["rec"].close()
    assert [line["k"] for line in kinds(path, "run") + kinds(path, "end")] == ["run", "run", "end", "end"]
    assert [line["n"] for line in steps(path)] == [0, 1, 2, 0, 1, 2]
