"""Ranges of options: what fits, what does not, and the words of the refusal."""
import pytest

from realistic_editing.common.errors import InputError
from realistic_editing.common.nested import parse_json, parse_yaml
from realistic_editing.common.ranges import Choice, Either, Flag, Many, Number, Text, check, optional

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("allowed", "fitting", "other"),
    [
        (Number(), (0, -1.5, 10**12), (NAN, INF, -INF, True, "1", None, [1], 10**400)),
        (Number(0, 1), (0, 1, 0.5), (-0.1, 1.1)),
        (Number(0, 1, above=True, below=True), (0.5,), (0, 1)),
        (Number(1, 8, whole=True), (1, 8), (0, 9, 1.0, 2.5, True)),
        (Flag(), (True, False), (0, 1, "true", None)),
        (Choice(("a", "b")), ("a",), ("c", ["a"], None, 3)),
        (Text("[a-z]+"), ("abc",), ("", "a1", 3, None)),
        (Many(Number(0, 1), 2), ([0, 1], (0.5, 0.5)), ([0], [0, 2], "01", 3, None)),
        (Many(Text(), least=1), (["a"],), ([], [1], "a")),
        (optional(Number(0)), (None, 1), (-1, "x")),
        (Either((Choice(("auto",)), Number(1))), ("auto", 3), ("x", 0)),
    ],
)
def test_what_fits(allowed, fitting, other):
    for value in fitting:
        check("option", value, allowed)
    for value in other:
        with pytest.raises(InputError, match=r"^option is .+; use .+"):
            check("option", value, allowed)


def test_the_words_say_the_range():
    said = {
        Number(1, 8, whole=True): "a whole number of 1 or more, at most 8",
        Number(0, 1, above=True, below=True): "a number above 0, below 1",
        Number(0, whole=True): "a whole number of 0 or more",
        Number(): "a number",
        optional(Flag()): "true or false, or null",
        Many(Number(0, 1), 2): "a list of 2 values, each a number of 0 or more, at most 1",
    }
    assert {str(kind): words for kind, words in said.items()} == {words: words for words in said.values()}


def test_of_a_single_name_the_list_is_shown_that_was_meant():
    for allowed in (Many(Text()), optional(Many(Text(), least=1))):
        with pytest.raises(InputError, match=r"^regions.folders is 'my/photos'; use a list: regions.folders=\[my/photos\]$"):
            check("regions.folders", "my/photos", allowed)


def test_a_value_of_any_length_is_shown_in_short():
    for value in ("x" * 10_000, [0] * 10_000, 10**5000):
        with pytest.raises(InputError) as error:
            check("option", value, Number(0, 1))
        assert len(str(error.value)) < 250


@pytest.mark.parametrize("text", ["[" * 20_000 + "]" * 20_000, "[" * 40 + "]" * 40, '{"a":' * 5000 + "1" + "}" * 5000])
def test_what_nests_too_deep(text):
    for parse in (parse_json, parse_yaml):
        with pytest.raises(ValueError, match="levels deep|characters, more than"):
            parse(text)


def test_what_repeats_itself_is_counted():
    bomb = "- &a [x, x, x, x, x, x, x, x, x]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        bomb += f"- &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for text in (bomb, "- &x [*x]\n"):
        with pytest.raises(ValueError, match="holds more than|levels deep"):
            parse_yaml(text)
    assert parse_yaml("- &a [1]\n- *a\n") == [[1], [1]]
