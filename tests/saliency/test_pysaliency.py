"""The measures beside pysaliency's, on the same maps."""
import numpy as np
import pytest
import torch

from realistic_editing.saliency import measures

published = pytest.importorskip("pysaliency.metrics", reason="needs pysaliency")


@pytest.mark.parametrize("seed", range(3))
def test_cc_nss_sim_and_kl_are_pysaliencys(seed):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:60, :80]
    places = rng.uniform((5, 5), (55, 75), (4, 2))
    saliency, density = (
        sum(np.exp(-((y - a) ** 2 + (x - b) ** 2) / 2 / width**2) for a, b in places) + 1e-3 for width in (9, 5)
    )
    fixated = rng.binomial(1, 0.1 * density / density.max())
    rows, columns = np.nonzero(fixated)
    a, b, f = (torch.from_numpy(np.float32(one))[None, None] for one in (saliency, density, fixated))
    assert float(measures.nss(a, f)) == pytest.approx(np.mean(published.NSS(saliency, columns, rows)), abs=1e-3)
    assert float(measures.cc(a, b)) == pytest.approx(published.CC(saliency, density), abs=1e-4)
    assert float(measures.sim(a, b)) == pytest.approx(published.SIM(saliency, density), abs=1e-4)
    assert float(measures.kl(a, b)) == pytest.approx(published.MIT_KLDiv(saliency, density), abs=1e-3)
