"""Threads that sleep while they wait: set before PyTorch is imported, and never against what the user has set."""
import os
import subprocess
import sys

import pytest

from realistic_editing.common.threads import CHOSEN, THREAD_SETTINGS, wait_passively


@pytest.mark.parametrize("chosen", [{}, {"OMP_WAIT_POLICY": "ACTIVE"}, {"GOMP_SPINCOUNT": "100"}, {"KMP_BLOCKTIME": "200"}])
def test_what_the_user_has_set_stays(chosen):
    environment = dict(chosen)
    wait_passively(environment)
    assert environment == (chosen or THREAD_SETTINGS)


def test_openmp_is_told_before_it_is_loaded():
    """GNU's OpenMP prints the settings that it was loaded with, where it is asked to."""
    environment = {name: value for name, value in os.environ.items() if name not in CHOSEN}
    code = "import realistic_editing.ops, torch\ntorch.rand(4).sum()"  # ops imports PyTorch as well
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment | {"OMP_DISPLAY_ENV": "true"}
    )
    if "OMP_WAIT_POLICY" not in found.stderr:
        pytest.skip("this PyTorch's OpenMP does not print its settings")
    assert "OMP_WAIT_POLICY = 'PASSIVE'" in found.stderr


def test_other_processes_inherit_it():
    environment = {name: value for name, value in os.environ.items() if name not in CHOSEN}
    code = "import realistic_editing, subprocess, sys; print(subprocess.check_output([sys.executable, '-c', "
    code += "'import os; print(os.environ[\"OMP_WAIT_POLICY\"])'], text=True))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert found.stdout.strip() == "PASSIVE"
