"""The devices and processes of a run: one, or several that torchrun or Fabric itself starts."""
import os
import shutil
import sys

import torch
from lightning_fabric import Fabric
from lightning_fabric.utilities.exceptions import MisconfigurationException

from realistic_editing.common.errors import InputError
from realistic_editing.training.settings import Trainer


def launch(trainer: Trainer) -> Fabric:
    """Join the processes of a run, having started the others where nobody else has.

    Args:
        trainer: for `accelerator`, `devices`, `nodes`, `precision` and `compile`.

    Returns:
        What moves data, gradients and messages between them.

    Raises:
        InputError: when these settings cannot be used here.
    """
    # torchrun names its processes so; with one device for each, every process would believe that it is alone.
    by_torchrun = torch.distributed.is_available() and torch.distributed.is_torchelastic_launched()
    started = int(os.environ.get("WORLD_SIZE", 1)) if by_torchrun else None
    try:
        fabric = Fabric(
            accelerator=trainer.accelerator, devices=trainer.devices, num_nodes=trainer.nodes, precision=trainer.precision
        )
        if started is not None and fabric.world_size != started:
            raise InputError(
                f"trainer.devices={trainer.devices} trainer.nodes={trainer.nodes} make {fabric.world_size} processes, and "
                f"torchrun started {started}; set trainer.devices to its --nproc_per_node and trainer.nodes to its --nnodes"
            )
        fabric.launch()
    except InputError:
        raise
    except (ValueError, TypeError, RuntimeError, MisconfigurationException) as error:
        chosen = f"accelerator={trainer.accelerator}, devices={trainer.devices}, precision={trainer.precision}"
        raise InputError(
            f"trainer: {chosen} cannot be used here ({str(error).splitlines()[0]}); try trainer.accelerator=auto "
            "trainer.devices=1 trainer.precision=32-true"
        ) from error
    if trainer.compile and fabric.device.type == "cpu":
        check_compiler("trainer.compile")
    return fabric


def close_processes(fabric: Fabric) -> None:
    """Wait for the other processes, and part from them."""
    fabric.barrier()
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def check_compiler(option: str) -> None:
    """Say at once what torch.compile would say when it is first called, at length.

    Args:
        option: that asks for it.

    Raises:
        InputError: when there is no C++ compiler.
    """
    usual = {"darwin": "clang++", "win32": "cl"}.get(sys.platform, "g++")
    compiler = os.environ.get("CXX", usual)
    if shutil.which(compiler) is None:
        raise InputError(
            f"{option}: no C++ compiler {compiler!r} found, which torch.compile needs on a CPU; install one, name yours in the "
            f"environment variable CXX, or do without {option}"
        )
