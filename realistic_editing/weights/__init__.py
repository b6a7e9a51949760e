"""Weights: files of networks, the bundled ones, and the checkpoints of the paper's authors."""
from realistic_editing.weights.files import (
    bundled,
    describe_file,
    file_size,
    fingerprint,
    is_bundled,
    load_network,
    save_network,
    usable_device,
)
from realistic_editing.weights.registry import NETWORKS
from realistic_editing.weights.released import load_released

__all__ = [
    "NETWORKS", "bundled", "describe_file", "file_size", "fingerprint", "is_bundled", "load_network",
    "load_released", "save_network", "usable_device",
]  # fmt: skip
