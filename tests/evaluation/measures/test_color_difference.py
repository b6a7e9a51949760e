"""CIEDE2000: the published pairs, identity, symmetry, and the grey axis."""
import pytest
import torch

from realistic_editing.evaluation.measures.color_difference import delta_e_2000

# Test data of Sharma, Wu and Dalal (2005), Table 1: hues on both sides of 0, of 180 and of 360 degrees, greys, blues.
PAIRS = [
    ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
    ((50, 3.1571, -77.2803), (50, 0, -82.7485), 2.8615),
    ((50, 2.8361, -74.02), (50, 0, -82.7485), 3.4412),
    ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0),
    ((50, 0, 0), (50, -1, 2), 2.3669),
    ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
    ((50, 2.49, -0.001), (50, -2.49, 0.0011), 7.2195),
    ((50, -0.001, 2.49), (50, 0.0009, -2.49), 4.8045),
    ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
    ((50, 2.5, 0), (73, 25, -18), 27.1492),
    ((50, 2.5, 0), (61, -5, 29), 22.8977),
    ((50, 2.5, 0), (56, -27, -3), 31.903),
    ((50, 2.5, 0), (58, 24, 15), 19.4535),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((63.0109, -31.0961, -5.8663), (62.8187, -29.7946, -4.0864), 1.263),
    ((22.7233, 20.0904, -46.694), (23.0331, 14.973, -42.5619), 2.0373),
    ((90.8027, -2.0831, 1.441), (91.1528, -1.6435, 0.0447), 1.4441),
    ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
]


def lab(*colours):
    """(1, 3, 1, N)."""
    return torch.tensor(colours, dtype=torch.float64).T[None, :, None]


def test_the_published_pairs():
    first, second, expected = zip(*PAIRS, strict=True)
    found = delta_e_2000(lab(*first), lab(*second))[0, 0]
    assert found.tolist() == pytest.approx(expected, abs=1e-4)


def test_symmetric_and_0_for_the_same():
    generator = torch.Generator().manual_seed(0)
    first, second = (torch.rand(2, 3, 8, 9, generator=generator) * 200 - 100 for _ in range(2))
    first[:, 0], second[:, 0] = first[:, 0].abs(), second[:, 0].abs()
    torch.testing.assert_close(delta_e_2000(first, second), delta_e_2000(second, first))
    assert delta_e_2000(first, first).max() == 0 and delta_e_2000(first, second).min() > 0
    assert delta_e_2000(first, second).shape == (2, 8, 9)


def test_greys_differ_by_lightness_alone():
    # At L = 50 in the mean the formula's S_L is 1: the difference is that of L.
    assert float(delta_e_2000(lab((47, 0, 0)), lab((53, 0, 0)))) == pytest.approx(6)
    assert float(delta_e_2000(lab((0, 0, 0)), lab((100, 0, 0)))) == pytest.approx(100)
