"""What tests of edits share."""
import pytest

from realistic_editing.enhance import strength


@pytest.fixture
def as_strong_as_proposed(monkeypatch):
    """Edits of small networks move nothing, and would be taken weaker for that."""
    monkeypatch.setattr(strength, "_LEAST_SHARE", 1.0)
