"""The ablation of Table 4: a discriminator, trained alongside, in the place of the frozen critic."""
import dataclasses

import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F

from realistic_editing.common.errors import InputError
from realistic_editing.common.protocols import JudgesPixels
from realistic_editing.enhance.region_view import RegionView
from realistic_editing.enhance.training import EnhanceProblem


class EnhancerWithDiscriminator(nn.Module):
    """An enhancer and the discriminator that it is trained against, as one module for the one loop.

    Args:
        enhancer: network(image, mask, order) -> Recipe; all that is kept in the end.
        discriminator: a fresh critic.
    """

    def __init__(self, enhancer: nn.Module, discriminator: nn.Module) -> None:
        super().__init__()
        self.enhancer, self.discriminator_view = enhancer, _DiscriminatorView(discriminator)

    @property
    def export_module(self) -> nn.Module:
        """What training is for."""
        return self.enhancer

    def forward(self, *inputs: torch.Tensor):
        """As the enhancer."""
        return self.enhancer(*inputs)


class AdversarialProblem(EnhanceProblem):
    """Unedited photos are real, edited ones are fake, and the enhancer's dR is the discriminator's.

    It is measured by the frozen judges, as any other enhancer is.

    Args:
        network: the enhancer.
        discriminator: critic(image, mask) -> (B,) in [0, 1], with fresh weights.
        others: as for `EnhanceProblem`.
    """

    monitor, mode = "loss", "last"  # to choose by the critic's dR would let in the teacher that is left out

    def __init__(self, network: nn.Module, discriminator: nn.Module, *others, **options) -> None:
        for module in discriminator.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0  # else its noise between a photo and its edit would read as a loss of realism
        super().__init__(network, *others, **options)
        self.network = EnhancerWithDiscriminator(network, discriminator)

    def losses(self, network: EnhancerWithDiscriminator, batch: dict, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Eqs. 3 to 6 with the discriminator's dR, and the discriminator's cross-entropy, each moving its own network."""
        view, recipe = self.propose(network.enhancer, batch, generator)
        judged = view.edited(recipe)
        # Both in one pass: batch normalisation would separate two passes.
        frozen = {name: value.detach() for name, value in network.discriminator_view.named_parameters()}
        before, after = functional_call(network.discriminator_view, frozen, _pair(view, judged.critic_image)).chunk(2)
        terms = self.terms(view, dataclasses.replace(judged, realism_change=after - before), batch["human"])
        scores = network.discriminator_view(*_pair(view, judged.critic_image.detach()))
        wanted = torch.cat([torch.ones_like(before), torch.zeros_like(after)])
        with torch.autocast(scores.device.type, enabled=False):
            terms["discriminator"] = F.binary_cross_entropy(scores.float(), wanted.float())
        terms["total"] = terms["total"] + terms["discriminator"]
        return terms


class _DiscriminatorView(nn.Module):
    """A critic that is shown whole pictures, or a sample of pixels, as the view has them."""

    def __init__(self, critic: nn.Module) -> None:
        super().__init__()
        self.critic = critic

    def forward(self, image: torch.Tensor, mask: torch.Tensor, sampled: bool) -> torch.Tensor:
        if sampled:
            if not isinstance(self.critic, JudgesPixels):
                name = type(self.critic).__name__
                raise InputError(f"{name} does not support pixel sampling; set pixels_per_zone=0, or realism=compact")
            return self.critic.judge_pixels(image)[0]
        return self.critic(image, mask).float()


def _pair(view: RegionView, edited: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, bool]:
    """The photos and their edits in one batch, as the discriminator takes them."""
    return torch.cat([view.critic_image, edited]), view.critic_mask.repeat(2, 1, 1, 1), view.by_pixels
