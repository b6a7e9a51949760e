"""Names of raters."""
import pytest

from realistic_editing.apps.study.store import check_name
from realistic_editing.common.errors import InputError


@pytest.mark.parametrize("letter", ["\u202e", "\u200b", "\u2066", "\ufeff"])
def test_names_refuse_format_characters(letter):
    with pytest.raises(InputError, match="format characters"):
        check_name(f"an{letter}na", "rater")
