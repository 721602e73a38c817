from __future__ import annotations

import pytest

from gui.widgets.change_words import change_words


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("optimizer.learning_rate", "Learning rate 0.5 → 0.25"),
        ("optimizer.momentum", "Momentum 0.5 → 0.25"),
        ("optimizer.weight_decay", "Weight decay 0.5 → 0.25"),
        ("layers.dropout_1.rate", "Rate of dropout_1 0.5 → 0.25"),
        ("something.new", "something.new 0.5 → 0.25"),
    ],
)
def test_a_change_is_told_by_name_and_both_values(field, words):
    assert change_words(field, 0.5, 0.25) == words


def test_a_batch_size_is_a_whole_number():
    assert change_words("batch_size", 32, 1024) == "Batch size 32 → 1,024"
