"""What a user says of a region, clicks, a box and an earlier guess, as maps beside the photo that a network can read."""
import dataclasses

import torch

PROMPT_MAPS = 8
_NEAR, _WIDE = 0.02, 0.1  # spread of a click in the two maps of its kind, as a share of the picture's side


@dataclasses.dataclass(frozen=True)
class Prompts:
    """Clicks, boxes and earlier guesses of a batch, in shares of the picture: (0, 0) top left, (1, 1) bottom right.

    Args:
        points: (B, N, 2) x, y.
        kinds: (B, N) 1 = in the region, -1 = not, 0 = no point.
        boxes: (B, 4) left, top, right, bottom; all 0 = no box.
        previous: (B, 1, H, W) probabilities of an earlier guess, or None.
        guessed: (B,) 1 where `previous` holds a guess.
    """

    points: torch.Tensor
    kinds: torch.Tensor
    boxes: torch.Tensor
    previous: torch.Tensor | None = None
    guessed: torch.Tensor | None = None

    def maps(self, size: tuple[int, int]) -> torch.Tensor:
        """(B, PROMPT_MAPS, *size): clicks in and out, near and wide; inside of the box, has a box; guess, has a guess."""
        height, width = size
        device, count = self.points.device, len(self.points)
        y = (torch.arange(height, device=device) + 0.5) / height
        x = (torch.arange(width, device=device) + 0.5) / width
        across, down = x - self.points[..., :1], y - self.points[..., 1:]  # (B, N, W), (B, N, H)
        far = down[..., :, None] ** 2 + across[..., None, :] ** 2  # (B, N, H, W)
        maps = []
        for kind in (1, -1):
            nearest = torch.where((self.kinds == kind)[..., None, None], far, torch.inf).amin(dim=1)
            maps += [torch.exp(-nearest / (2 * spread**2)) for spread in (_NEAR, _WIDE)]
        left, top, right, bottom = (edge[:, None] for edge in self.boxes.unbind(dim=1))
        boxed = (self.boxes[:, 2] > self.boxes[:, 0]).float()[:, None, None].expand(count, height, width)
        across, down = ((x > left) & (x < right)).float(), ((y > top) & (y < bottom)).float()
        maps += [down[:, :, None] * across[:, None, :], boxed]
        if self.previous is None:
            maps += [torch.zeros_like(boxed)] * 2
        else:
            smaller = torch.nn.functional.interpolate(self.previous, size, mode="bilinear", antialias=True)[:, 0]
            guessed = self.guessed[:, None, None].expand_as(smaller)
            maps += [smaller * guessed, guessed]
        return torch.stack(maps, dim=1)
