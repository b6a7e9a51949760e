"""Train a critic that knows things: Table 1's samples, photos as they are, recoloured things, and what must not matter."""
import dataclasses

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from realistic_editing.data.regions import Region
from realistic_editing.ops import PRESETS, EditRanges, apply, sample_recipe
from realistic_editing.realism.augment import ANY_COLOR, FIXED_COLOR, Degradation, turn_hue, vary_mask, vary_tone
from realistic_editing.realism.kinds_training import kinds_losses, labels
from realistic_editing.realism.training import RealismProblem

# Of fakes by one operator alone: white balance, colour curve, saturation, exposure.
SINGLE_SHARES = (0.0, 0.45, 0.25, 0.3)
HUE = (0.7, np.pi)  # radians by which a recoloured thing is turned, either way
CHROMA = (0.7, 1.1)


class ThingsProblem(RealismProblem):
    """`RealismProblem`, with up to six samples of each region that share one photo, its tone, its mask and its degradation.

    Real are Table 1's real edit, the photo as it is, and a thing that comes in any colour, recoloured. Fake are Table 1's fake
    edit, one of a single operator, the fakes of human regions, and a thing whose colours nature fixes, recoloured.

    Args:
        All as for `RealismProblem`; `loss.rank` ranks Table 1's pair, `loss.kind` is "cross_entropy", and `loss.people` weighs
            telling people, and what comes in any colour, from other things.
    """

    def losses(self, network: nn.Module, batch: dict, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Cross-entropy over all samples, and ranking of the real over the fake edit of each region."""
        draws = np.random.default_rng(int(torch.randint(1 << 31, (), generator=generator, device=generator.device)))
        images, masks, labels, first = [], [], [], []
        for image, mask, index in zip(batch["image"].cpu(), batch["mask"].cpu(), batch["index"].tolist(), strict=True):
            samples = self.samples_of(self.train_data.regions[index], image.numpy(), mask.numpy()[0], draws)
            first.append(len(labels))
            labels += [label for label, _ in samples[0]]
            images += [sample for _, sample in samples[0]]
            masks += [samples[1]] * len(samples[0])
        device = batch["image"].device
        scores = network(torch.from_numpy(np.stack(images)).to(device), torch.from_numpy(np.stack(masks))[:, None].to(device))
        wanted = torch.tensor(labels, dtype=scores.dtype, device=device)
        terms = {"samples": F.binary_cross_entropy(scores.clamp(1e-6, 1 - 1e-6), wanted)}
        logits = torch.logit(scores, eps=1e-6)
        start = torch.tensor(first, device=device)
        terms["rank"] = F.softplus(logits[start + 1] - logits[start]).mean()
        terms["people"] = self._kinds(network, batch)
        total = terms["samples"] + self.loss.get("rank", 0.0) * terms["rank"] + self.loss.get("people", 0.0) * terms["people"]
        return {"total": total, **terms}

    def _kinds(self, network: nn.Module, batch: dict) -> torch.Tensor:
        """Cross-entropy of telling people, and what comes in any colour, where a data set says what things are."""
        regions = [self.train_data.regions[index] for index in batch["index"].tolist()]
        named = torch.tensor([bool(region.category) for region in regions], device=batch["image"].device)
        if not self.loss.get("people") or int(named.sum()) < 2:  # of one alone the norms have no deviation
            return torch.zeros((), device=named.device)
        things = self.network.things(batch["image"][named].float() / 255, batch["mask"][named].float() / 255)
        categories = torch.tensor([int(region.category or 0) for region in regions], device=named.device)[named]
        return sum(kinds_losses(self.network, self.network.seen(things), *labels(categories)))

    def samples_of(
        self, region: Region, image: np.ndarray, mask: np.ndarray, draws: np.random.Generator
    ) -> tuple[list[tuple[int, np.ndarray]], np.ndarray]:
        """Samples of one region.

        Args:
            region: for its category.
            image: (3, S, S) uint8.
            mask: (S, S) uint8.
            draws: the source of all randomness.

        Returns:
            (label, (3, S, S) float32) of each, Table 1's real edit first and its fake edit second; and their mask, (S, S).
        """
        photo = vary_tone((image.transpose(1, 2, 0) / 255).astype(np.float32), draws)
        inside = (mask / 255).astype(np.float32)
        seeds = torch.Generator().manual_seed(int(draws.integers(1 << 62)))

        def edit(ranges: EditRanges) -> np.ndarray:
            recipe = sample_recipe(ranges, 1, seeds)
            tensor = torch.from_numpy(photo.transpose(2, 0, 1).copy())[None]
            return apply(tensor, torch.from_numpy(inside)[None, None], recipe)[0].permute(1, 2, 0).numpy()

        found = [(1, edit(self.edits.real)), (0, edit(self.edits.fake)), (1, photo), (0, edit(self._single(draws)))]
        if region.human:
            found.append((0, edit(self.edits.fake_human)))
        if region.category in ANY_COLOR | FIXED_COLOR:
            angle = draws.uniform(*HUE) * draws.choice([-1, 1])
            found.append((int(region.category in ANY_COLOR), turn_hue(photo, inside, angle, draws.uniform(*CHROMA))))
        degradation = Degradation.sample(draws)
        done = [(label, degradation.apply(sample.astype(np.float32)).transpose(2, 0, 1)) for label, sample in found]
        return done, vary_mask(inside, draws)

    def _single(self, draws: np.random.Generator) -> EditRanges:
        """The release's fakes with one operator alone."""
        shares = np.eye(4)[draws.choice(4, p=SINGLE_SHARES)]
        return dataclasses.replace(PRESETS["released"].fake, single=tuple(shares), stops=True)
