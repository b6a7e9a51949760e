"""A network that selects the thing that clicks or a box mean: EfficientNet-Lite's features, and a small decoder."""
import torch
from torch import nn
from torch.nn import functional as F

from realistic_editing.data.prompts import PROMPT_MAPS, Prompts
from realistic_editing.region_statistics.trunk import LiteTrunk

_FROZEN = 2  # stages, of strides 2 and 4, that know edges and are left as ImageNet made them
THING_KINDS = (  # COCO's groups of things
    "person", "vehicle", "outdoor", "animal", "accessory", "sports", "kitchen", "food", "furniture", "electronic", "appliance",
    "indoor",
)  # fmt: skip
_WIDTHS = {32: 128, 16: 128, 8: 64, 4: 32, 2: 16}  # channels of the decoder at each stride


class ClickSelector(LiteTrunk):
    """Clicks join the features at a stride of 4 (zero at first), and a decoder from stride 32 to 2 asks what is like them.

    It sees a square window of the photo, the whole or a part, and takes clicks, a box and its own earlier guess as `Prompts`.

    Args:
        backbone: an EfficientNet-Lite, by timm's name.
        pretrained: where its ImageNet weights come from, see `load_backbone`; "none" for weights from a file of this network.
        input_size: side of the square it sees, a multiple of 32.

    Raises:
        ValueError: when the input size does not fit the strides.
        InputError: when pre-trained weights cannot be had.
    """

    def __init__(self, backbone: str = "tf_efficientnet_lite0", pretrained: str = "none", input_size: int = 256) -> None:
        super().__init__(backbone, pretrained)
        if input_size % 32:
            raise ValueError(f"input_size is {input_size}; use a multiple of 32")
        self.input_size = input_size
        channels = {2: self.channels[0]} | {self.strides[stage]: count for stage, count in self.taps.items()}
        self.inject = nn.Sequential(
            nn.Conv2d(PROMPT_MAPS, 32, 3, padding=1), nn.SiLU(), nn.Conv2d(32, channels[4], 3, padding=1)
        )
        nn.init.zeros_(self.inject[-1].weight)
        nn.init.zeros_(self.inject[-1].bias)
        self.laterals = nn.ModuleDict({str(stride): _joint(channels[stride], width) for stride, width in _WIDTHS.items()})
        self.told = nn.ModuleDict({str(stride): nn.Conv2d(PROMPT_MAPS + 3, _WIDTHS[stride], 1) for stride in (16, 8)})
        self.alike = nn.ModuleDict({str(stride): nn.Conv2d(channels[stride], 48, 1, bias=False) for stride in (16, 8)})
        self.told["4"] = nn.Conv2d(PROMPT_MAPS, _WIDTHS[4], 1)
        self.context = nn.Linear(channels[32], _WIDTHS[32])
        self.mixers = nn.ModuleDict({
            "32": nn.Sequential(_Mixer(128, 5)), "16": nn.Sequential(_Mixer(128, 5), _Mixer(128, 5, 2), _Mixer(128, 5)),
            "8": nn.Sequential(_Mixer(64, 5), _Mixer(64, 5)), "4": nn.Sequential(_Mixer(32, 5)),
            "2": nn.Sequential(_Mixer(16, 3)),
        })  # fmt: skip
        self.down = nn.ModuleDict({"8": nn.Conv2d(128, 64, 1), "4": nn.Conv2d(64, 32, 1), "2": nn.Conv2d(32, 16, 1)})
        self.coarse, self.fine = nn.Conv2d(64, 1, 1), nn.Conv2d(16, 1, 3, padding=1)
        self.kinds = nn.Linear(channels[16] + channels[32], len(THING_KINDS))
        self.judge = nn.Sequential(nn.Linear(128 + 128 + 3, 64), nn.SiLU(), nn.Linear(64, 1))

    def pretrained_parameters(self) -> list[nn.Parameter]:
        """The backbone's stages that are fine-tuned, at a rate of their own."""
        return list(self.blocks[_FROZEN:].parameters())

    def freeze_early(self) -> None:
        """Take the first stages out of training; they are the dearest to train, and know no things yet."""
        for part in (self.stem, self.norm, self.blocks[:_FROZEN]):
            part.requires_grad_(False)

    def early(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(B, 3, S, S) in [0, 1] -> features at strides 2 and 4, which no click changes."""
        half = self.blocks[0](self.stem_features((image * 2 - 1).to(self.stem.weight.dtype)))
        return half, self.blocks[1](half)

    def late(self, half: torch.Tensor, quarter: torch.Tensor, prompts: Prompts) -> dict[str, torch.Tensor]:
        """Features of `early`, and what the user says -> as `forward`, and "coarse" (B, 1, S/8, S/8), a rough mask's logits."""
        maps = {4: prompts.maps(quarter.shape[-2:])}
        maps |= {stride: F.avg_pool2d(maps[4], stride // 4) for stride in (8, 16)}
        features = {2: half, 4: quarter + self.inject(maps[4])}
        found = features[4]
        for number in range(_FROZEN, len(self.blocks)):
            found = self.blocks[number](found)
            if number in self.taps:
                features[self.strides[number]] = found
        context = self.context(features[32].mean(dim=(2, 3)))[:, :, None, None]
        decoded = self.mixers["32"](self.laterals["32"](features[32]) + context)
        coarse, sixteenth = None, None
        for stride in (16, 8, 4, 2):
            name = str(stride)
            above = self.down[name](decoded) if name in self.down else decoded
            decoded = self.laterals[name](features[stride]) + _enlarged(above, features[stride])
            if stride in (16, 8):
                likeness = _likeness(self.alike[name](features[stride]), maps[stride])
                decoded = decoded + self.told[name](torch.cat([maps[stride], likeness], dim=1))
            elif stride == 4:
                decoded = decoded + self.told[name](maps[4])
            decoded = self.mixers[name](decoded)
            sixteenth = decoded if stride == 16 else sixteenth
            coarse = self.coarse(decoded) if stride == 8 else coarse
        logits = self.fine(decoded) + _enlarged(coarse, decoded)
        kinds = self.kinds(torch.cat([_mean_inside(features[stride], logits) for stride in (16, 32)], dim=1))
        return {"logits": logits, "coarse": coarse, "iou": self._trust(sixteenth, logits), "kinds": kinds}

    def forward(self, image: torch.Tensor, prompts: Prompts) -> dict[str, torch.Tensor]:
        """What a user means.

        Args:
            image: (B, 3, S, S) RGB in [0, 1], S a multiple of 32.
            prompts: in shares of that picture.

        Returns:
            "logits" (B, 1, S/2, S/2), positive inside; "iou" (B,) in [0, 1], the overlap (intersection over union) with
            what is meant that the network expects of itself; "kinds" (B, len(THING_KINDS)), logits of what kind of thing it is.
        """
        return self.late(*self.early(image), prompts)

    def _trust(self, features: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
        inside = logits.detach().sigmoid()
        weights = F.adaptive_avg_pool2d(inside, features.shape[-2:])
        means = [(features * part).sum(dim=(2, 3)) / (part.sum(dim=(2, 3)) + 1e-3) for part in (weights, 1 - weights)]
        hard = (inside > 0.5).to(inside.dtype)
        area = hard.mean(dim=(1, 2, 3))
        sure = [(inside * part).sum(dim=(1, 2, 3)) / (part.sum(dim=(1, 2, 3)) + 1) for part in (hard, 1 - hard)]
        return self.judge(torch.cat([*means, torch.stack([area.sqrt(), *sure], dim=1)], dim=1)).sigmoid()[:, 0]


def _mean_inside(features: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    """Mean features (B, C) of where a mask is, its logits (B, 1, H, W); no gradient passes."""
    weights = F.adaptive_avg_pool2d(logits.detach().sigmoid(), features.shape[-2:])
    return (features.detach() * weights).sum(dim=(2, 3)) / (weights.sum(dim=(2, 3)) + 1e-3)


class _Mixer(nn.Module):
    """A depthwise convolution and one of 1 x 1, added to what they were given."""

    def __init__(self, width: int, side: int, dilation: int = 1) -> None:
        super().__init__()
        padding = side // 2 * dilation
        self.layers = nn.Sequential(
            nn.Conv2d(width, width, side, padding=padding, groups=width, dilation=dilation, bias=False),
            nn.BatchNorm2d(width), nn.Conv2d(width, width, 1, bias=False), nn.BatchNorm2d(width), nn.SiLU(),
        )  # fmt: skip

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return features + self.layers(features)


def _joint(given: int, width: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(given, width, 1, bias=False), nn.BatchNorm2d(width))


def _enlarged(features: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    return F.interpolate(features, like.shape[-2:], mode="bilinear")


def _likeness(features: torch.Tensor, maps: torch.Tensor) -> torch.Tensor:
    """(B, C, H, W) -> (B, 3, H, W): cosine with what is under the clicks in, the clicks out, and the box or guess."""
    features = F.normalize(features, dim=1)
    guess = torch.maximum(maps[:, 4], maps[:, 6])
    weights = torch.stack([maps[:, 0], maps[:, 2], guess], dim=1)  # (B, 3, H, W)
    weights = weights / (weights.sum(dim=(2, 3), keepdim=True) + 1e-4)
    return torch.einsum("bchw,bkc->bkhw", features, torch.einsum("bchw,bkhw->bkc", features, weights))
