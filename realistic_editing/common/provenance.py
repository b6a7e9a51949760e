"""What made a result: revision, command and machine."""
import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch


def revision() -> str:
    """The git revision of this code, "-modified" where files differ from it; else the installed version."""
    folder = Path(__file__).resolve().parents[2]
    if (folder / ".git").exists():
        describe = ["git", "-C", str(folder), "describe", "--always", "--abbrev=12", "--dirty=-modified"]
        found = subprocess.run(describe, capture_output=True, text=True, check=False)
        if found.returncode == 0:
            return found.stdout.strip()
    try:
        return "version " + version("realistic-editing")
    except PackageNotFoundError:
        return "unknown"


def machine() -> str:
    """Processor, cores and GPUs in a line."""
    names = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return ", ".join([f"{platform.machine()}, {os.cpu_count()} cores", *names, f"torch {torch.__version__}"])


def command() -> str:
    """The command line of this process, without the interpreter and the folders."""
    return " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])
