"""What is recorded beside a result names the code that made it."""
import re
import subprocess
from pathlib import Path

import pytest

from realistic_editing.common.provenance import revision

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git checkout")
def test_the_revision_is_that_of_the_checkout():
    head = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout
    tag = subprocess.run(["git", "-C", str(ROOT), "describe", "--exact-match"], capture_output=True, text=True, check=False)
    found = re.sub(r"-modified$", "", revision())
    assert found == tag.stdout.strip() or (head.startswith(re.sub(r"^.*-g", "", found)) and len(found) >= 12)
