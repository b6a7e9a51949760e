"""Names of raters."""
import pytest

from realistic_editing.apps.study.store import check_name
from realistic_editing.common.errors import InputError

FORMAT = [*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xAD, 0x61C, 0xFEFF]


@pytest.mark.parametrize("code", FORMAT, ids=lambda code: f"U+{code:04X}")
@pytest.mark.parametrize("what", ["rater", "image", "method"])
def test_names_refuse_format_characters(code, what):
    """By which one name looks like another, or like its reverse."""
    for name in (f"an{chr(code)}na", f"{chr(code)}anna", f"anna{chr(code)}"):
        with pytest.raises(InputError, match="format characters"):
            check_name(name, what)


def test_letters_of_all_scripts_stay():
    for name in ("Ana María", "Łukasz", "Ωmega", "山田", "محمد", "नमिता", "O'Neil-Smith 3"):
        assert check_name(f" {name} ", "rater") == name


def test_a_form_with_format_characters_adds_nobody(study):
    for letter in ("\u200b", "\u202e", "\u2067"):
        status, _, text = study.ask(study.admin, {"name": f"for{letter}med"})
        assert status == 400 and "format characters" in text
    assert "med<" not in study.ask(study.admin)[2]
