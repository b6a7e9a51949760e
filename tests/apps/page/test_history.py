"""Undo and redo."""
import dataclasses

from realistic_editing.apps.demo import FOLDER
from realistic_editing.apps.page.history import MOST_UNDONE, History
from realistic_editing.apps.page.state import open_photo
from realistic_editing.apps.page.visitors import Visitors


def sessions(count):
    first = open_photo(FOLDER / "rocket.jpg")
    return [dataclasses.replace(first, active=index) for index in range(count)]


def names(history):
    return [one.active for one in history.past], history.now.active, [one.active for one in history.future]


def test_steps_are_undone_and_taken_again():
    first, second, third, other = sessions(4)
    history = History(first).then(second, "step").then(third, "step")
    assert names(history) == ([0, 1], 2, [])
    back = history.undone().undone()
    assert names(back) == ([], 0, [2, 1]) and back.undone() is back
    assert names(back.redone().redone()) == ([0, 1], 2, []) and history.redone() is history
    assert names(back.then(other, "step")) == ([0], 3, [])  # another way from here


def test_moves_of_one_slider_are_undone_together():
    first, *moves = sessions(5)
    history = History(first)
    for move in moves[:3]:
        history = history.then(move, "exposure")
    history = history.then(moves[3], "saturation")
    assert names(history) == ([0, 3], 4, []) and names(history.undone().undone())[1] == 0


def test_what_follows_a_step_belongs_to_it_and_what_changes_nothing_counts_for_nothing():
    first, second, third = sessions(3)
    history = History(first).then(second, "step").then(third, None)
    assert names(history) == ([0], 2, []) and names(history.then(third, "step")) == ([0], 2, [])


def test_a_history_is_bounded_and_goes_first_where_memory_is_short():
    many = sessions(MOST_UNDONE + 5)
    visitors = Visitors(most=1e9)
    visitors.begin("a", many[0])
    for session in many[1:]:
        visitors.keep("a", session, "step")
    assert visitors.steps("a") == (MOST_UNDONE, 0)
    assert visitors.turn_back("a").active == MOST_UNDONE + 3 and visitors.steps("a") == (MOST_UNDONE - 1, 1)
    assert visitors.turn_back("a", forward=True).active == MOST_UNDONE + 4
    other = open_photo(FOLDER / "coffee.jpg")
    visitors.keep("a", other, "step")
    held = visitors.held()
    short = Visitors(most=held + 1000)
    short._seats = visitors._seats
    short.make_room("a", 100_000)
    assert short.steps("a") == (0, 0) and short.session("a") is other and short.held() < held
