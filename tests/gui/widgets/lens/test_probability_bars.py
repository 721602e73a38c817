from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gui.theme import LIGHT
from gui.widgets.lens.probability_bars import MOST, Bar, ProbabilityBars, bars_of, two_bars

NAMES = tuple(f"class {number}" for number in range(62))
PROBABILITIES = arrays(np.float32, 62, elements=st.floats(0, 1, width=32) | st.just(np.nan))


def test_few_classes_keep_their_order():
    bars = bars_of("abc", np.array([0.1, 0.2, 0.7]), true=0, predicted=2)

    assert [bar.name for bar in bars] == ["a", "b", "c"]
    assert [bar.true for bar in bars] == [True, False, False]
    assert [bar.predicted for bar in bars] == [False, False, True]


@given(PROBABILITIES, st.integers(0, 61), st.integers(0, 61))
def test_of_many_classes_ten_are_shown_and_the_true_and_the_predicted_are_among_them(
    probabilities, true, predicted
):
    bars = bars_of(NAMES, probabilities, true, predicted)

    assert len(bars) == MOST
    assert [bar.name for bar in bars if bar.true] == [NAMES[true]]
    assert [bar.name for bar in bars if bar.predicted] == [NAMES[predicted]]


@given(PROBABILITIES)
def test_of_many_classes_the_most_probable_are_shown_falling(probabilities):
    values = np.nan_to_num(probabilities, nan=-1.0)
    best = int(np.argmax(values))

    shown = [bar.probability for bar in bars_of(NAMES, probabilities, best, best)]

    np.testing.assert_array_equal(np.nan_to_num(shown, nan=-1.0), np.sort(values)[::-1][:MOST])


def test_where_only_two_are_kept_the_same_class_has_one_bar():
    assert two_bars("ab", 1, 1, 0.9, 0.9) == (Bar("b", 0.9, true=True, predicted=True),)
    assert two_bars("ab", 0, 1, 0.2, 0.8) == (
        Bar("b", 0.8, predicted=True),
        Bar("a", 0.2, true=True),
    )


@pytest.mark.parametrize("probability", [0.0, 0.5, 1.0, np.nan])
def test_bars_say_in_words_what_they_show(show, probability):
    bars = show(ProbabilityBars(), 160, 60)
    bars.set_theme(LIGHT)
    bars.show_bars((Bar("four", 0.25, true=True), Bar("nine", probability, predicted=True)))

    assert bars.accessibleDescription().startswith("four: 25.0 % (true)\nnine: ")
    assert bars.accessibleDescription().endswith("(predicted)")
    assert not bars.grab().isNull()
