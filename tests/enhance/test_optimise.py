"""Gradient descent on the numbers of edits: how it sets out, finds back, and ends."""
import pytest
import torch

from realistic_editing.enhance.optimise import _Descent


def descend(slope_of, start, steps=24, rate=0.3):
    """Losses of B points after each step of a descent; slope_of: (B, N) -> (B,) losses."""
    numbers = start.clone().requires_grad_(True)
    descent, losses = _Descent(numbers), []
    for _ in range(steps):
        loss = slope_of(numbers)
        descent.keep(loss.detach())
        losses.append(loss.detach())
        descent.update(torch.autograd.grad(loss.sum(), [numbers])[0], rate)
    descent.keep(slope_of(numbers).detach())
    return descent, torch.stack(losses)


def test_it_steps_as_pytorchs_adam_where_nothing_gets_lost():
    target = torch.tensor([[1.0, -2.0, 0.5]])
    start = torch.zeros(1, 3)
    descent, _ = descend(lambda x: (x - target).square().sum(dim=1), start, 5, 0.1)
    theirs = start.clone().requires_grad_(True)
    adam = torch.optim.Adam([theirs], lr=0.1, betas=(0.7, 0.9))
    for _ in range(5):
        adam.zero_grad()
        (theirs - target).square().sum().backward()
        adam.step()
    assert torch.allclose(descent.numbers, theirs, atol=1e-5)


def wall(numbers):
    """A slope along the first number, next to none along the others, and a wall on both sides of a narrow path."""
    rest = numbers[:, 1:]
    return (numbers[:, 0] - 1).square() - 0.001 * rest.sum(dim=1) + 200 * (rest.abs() - 0.05).relu().sum(dim=1)


def test_an_edit_that_gets_lost_goes_back_and_takes_shorter_steps_and_others_do_not():
    start = torch.zeros(2, 5)
    start[1, 1:] = 3.0  # far outside: each step is nearer, so it is never lost
    descent, losses = descend(wall, start)
    assert losses[1, 0] > losses[0, 0] + 1  # the first step of equal length in all directions runs into the wall
    assert float(descent.share[0]) < 1
    assert float(descent.best[0]) < 0.7 * float(losses[0, 0])
    assert torch.equal(wall(descent.kept), descent.best)
    assert float(descent.best[1]) < float(losses[0, 1]) / 2


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("sloping", [False, True])
def test_an_edit_finds_back_from_what_is_no_number(value, sloping):
    def broken(numbers):
        inside = (numbers - 1).square().sum(dim=1)
        if float(numbers[0, 0]) <= 0.2:
            return inside
        return inside * value if sloping else inside * 0 + value

    descent, _ = descend(broken, torch.zeros(1, 2))
    assert descent.kept.isfinite().all() and descent.numbers.isfinite().all()
    assert float(descent.best) < 2 * 0.9**2  # of 2 at the start
