"""Realistic saliency-guided photo editing: a photo and a mask in, four ordinary photo edits out.

    from realistic_editing import Enhancer
    edit = Enhancer.from_pretrained("attenuate").propose(photo, mask)
    result = edit.apply(photo, mask, strength=0.8)
"""
from realistic_editing.common.threads import wait_passively

wait_passively()  # before PyTorch, which loads OpenMP, is imported

__all__ = ["Enhancer", "Recipe", "load_critic", "load_saliency", "suggest"]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str):
    # PyTorch takes seconds to import; the command's --help, which imports this package, does not wait for it.
    if name == "Enhancer":
        from realistic_editing.enhance.enhancer import Enhancer

        return Enhancer
    if name == "Recipe":
        from realistic_editing.ops.recipe import Recipe

        return Recipe
    if name == "suggest":
        from realistic_editing.selection.suggest import suggest

        return suggest
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def load_critic(source="lite_critic", device=None):
    """The bundled critic, or one from a file: critic(image (B, 3, H, W), mask (B, 1, H, W)) -> (B,) in [0, 1].

    Args:
        source: "lite_critic", "critic" (small), or a .safetensors file that training wrote.
        device: where to put it; the CPU when None.

    Raises:
        InputError: when the file is absent, damaged, or holds another kind of network.
    """
    from realistic_editing.weights import load_network

    return load_network(source, kind="realism", device=device)


def load_saliency(source="compact_saliency", device=None):
    """A saliency network: saliency(image (B, 3, H, W) in [0, 1]) -> (B, 1, H, W) in [0, 1].

    Args:
        source: bundled ones, "compact_saliency", "lite_saliency" or "fast_saliency" (see the card in weights/README.md), or
            several joined by +, whose maps are averaged ("fast_saliency+compact_saliency" judges edits by default); or a
            .safetensors file, such as EML-Net's (`realistic-editing convert`).
        device: where to put it; the CPU when None.

    Raises:
        InputError: when the file is absent, damaged, or holds another kind of network.
    """
    from realistic_editing.common.errors import InputError
    from realistic_editing.weights import load_network

    if source == "emlnet":
        raise InputError(
            "emlnet: its weights are the authors' to give and are not bundled; make a file of the three checkpoints by "
            "realistic-editing convert IMAGENET.pth PLACES.pth DECODER.pth --as emlnet, and give that"
        )
    bundled = {name: f"{name}_saliency" for name in ("compact", "lite", "fast")}
    return load_network(bundled.get(source, source), kind="saliency", device=device)
