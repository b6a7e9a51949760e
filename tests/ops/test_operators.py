"""Each operator: shape, identity, known value, direction, bad input, batch equals loop, gradients."""
import pytest
import torch

from realistic_editing.ops import operators

B = 3
GENERATOR = torch.Generator().manual_seed(0)


def rand(*shape, low=0.0, high=1.0, dtype=torch.float32):
    return torch.rand(*shape, generator=GENERATOR, dtype=dtype) * (high - low) + low


IMAGE = rand(B, 3, 5, 7)
# name: (function, neutral value, a parameter in range)
OPERATORS = {
    "white_balance": (operators.white_balance, torch.full((B, 3), 0.7), rand(B, 3, low=0.3)),
    "color_curve": (operators.color_curve, torch.full((B, 3, 8), 1.3), rand(B, 3, 8, low=0.5, high=2.0)),
    "saturation": (operators.saturation, torch.ones(B), rand(B, high=2.0)),
    "exposure": (operators.exposure, torch.ones(B), rand(B, low=0.5, high=2.0)),
}
each_operator = pytest.mark.parametrize("name", OPERATORS)


@each_operator
def test_shape_and_dtype(name):
    function, _, parameter = OPERATORS[name]
    for dtype in (torch.float32, torch.float64):
        result = function(IMAGE.to(dtype), parameter.to(dtype))
        assert result.shape == IMAGE.shape and result.dtype == dtype


@each_operator
def test_neutral_value_changes_nothing(name):
    function, neutral, _ = OPERATORS[name]
    torch.testing.assert_close(function(IMAGE, neutral), IMAGE, atol=2e-7, rtol=0)


@each_operator
def test_batch_equals_loop(name):
    function, _, parameter = OPERATORS[name]
    loop = torch.cat([function(IMAGE[i : i + 1], parameter[i : i + 1]) for i in range(B)])
    assert torch.equal(function(IMAGE, parameter), loop)


@each_operator
def test_refuses_shapes_that_do_not_belong_together(name):
    function, _, parameter = OPERATORS[name]
    with pytest.raises(ValueError, match="expected"):
        function(IMAGE, parameter[:2])
    with pytest.raises(ValueError, match=r"\(B, 3, H, W\)"):
        function(IMAGE[0], parameter)


@each_operator
def test_gradcheck_in_image_and_parameter(name):
    function, _, parameter = OPERATORS[name]
    # Away from the kinks of the curve, and from ties of the largest channel.
    image = (torch.randperm(B * 3 * 4, generator=GENERATOR).double() * 8 / 36 + 0.05).reshape(B, 3, 2, 2) / 8
    parameter = parameter.double().clone()
    assert torch.autograd.gradcheck(function, (image.requires_grad_(), parameter.requires_grad_()))


@each_operator
@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_gradients_are_finite_at_black_grey_and_white(name, level):
    function, _, parameter = OPERATORS[name]
    image = torch.full((B, 3, 2, 2), level, requires_grad=True)
    parameter = parameter.clone().requires_grad_()
    function(image, parameter).square().sum().backward()
    assert image.grad.isfinite().all() and parameter.grad.isfinite().all()


def test_white_balance_by_hand():
    pixel = torch.tensor([0.4, 0.5, 0.6]).reshape(1, 3, 1, 1)
    found = operators.white_balance(pixel, torch.tensor([[0.5, 1.0, 0.8]]))
    torch.testing.assert_close(found.flatten(), torch.tensor([0.8, 0.5, 0.75]))


def test_color_curve_by_hand():
    t = torch.ones(1, 3, 8)
    t[0, 0] = torch.tensor([2.0, 2, 2, 2, 1, 1, 1, 1])  # sum 12
    pixel = torch.tensor([0.5, 0.5, 0.25]).reshape(1, 3, 1, 1)
    found = operators.color_curve(pixel, t).flatten()
    torch.testing.assert_close(found, torch.tensor([8 / 12, 0.5, 0.25]))


def test_color_curve_is_monotone_and_keeps_black_and_white():
    ramp = torch.linspace(0, 1, 101).expand(B, 3, 1, 101)
    found = operators.color_curve(ramp, OPERATORS["color_curve"][2])
    assert (found.diff(dim=-1) > 0).all()
    torch.testing.assert_close(found[..., 0], torch.zeros(B, 3, 1))
    torch.testing.assert_close(found[..., -1], torch.ones(B, 3, 1))


def test_saturation_by_hand_and_against_hsv():
    pixel = torch.tensor([0.8, 0.4, 0.6]).reshape(1, 3, 1, 1)
    half = operators.saturation(pixel, torch.tensor([0.5])).flatten()
    torch.testing.assert_close(half, torch.tensor([0.8, 0.6, 0.7]))
    # HSV saturation 1 - min / max was 0.5 and is 0.25; hue and value stay.
    assert 1 - half.min() / half.max() == pytest.approx(0.25)
    assert operators.saturation(pixel, torch.tensor([0.0])).unique().tolist() == pytest.approx([0.8])


def test_exposure_by_hand():
    assert operators.exposure(torch.full((1, 3, 1, 1), 0.3), torch.tensor([2.0])).unique().item() == pytest.approx(0.6)


@pytest.mark.parametrize("name", ["saturation", "exposure"])
def test_more_is_more(name):
    function = OPERATORS[name][0]
    steps = [function(IMAGE, torch.full((B,), value)) for value in (0.5, 1.0, 1.5)]
    measure = (lambda x: x.mean()) if name == "exposure" else (lambda x: (x.amax(1) - x.amin(1)).mean())
    values = [float(measure(step)) for step in steps]
    assert values == sorted(values) and values[0] < values[-1]
