import numpy as np
import pytest

from engine.data.labels import natural, number
from engine.problems import ProblemError


def test_numbers_within_names_are_ordered_as_numbers():
    assert sorted(["10", "9", "b2", "b10", "a"], key=natural) == ["9", "10", "a", "b2", "b10"]


def test_whole_numbers_become_classes_in_numeric_order():
    names, train, _ = number(np.array([10, 2, 10, -1]), None)
    assert names == ("-1", "2", "10")
    assert train.tolist() == [2, 1, 2, 0]
    assert train.dtype == np.int64


def test_text_becomes_classes_in_natural_order():
    names, train, test = number(np.array(["b10", "b2", "a"]), np.array(["b2"]))
    assert names == ("a", "b2", "b10")
    assert train.tolist() == [2, 1, 0]
    assert test.tolist() == [1]


def test_a_test_label_that_training_lacks_is_refused():
    with pytest.raises(ProblemError, match=r"1 test labels are not among .* the first of them 7"):
        number(np.array([0, 1]), np.array([0, 7]))


def test_a_single_class_is_refused():
    with pytest.raises(ProblemError, match=r"All 3 labels are 4, but .* at least two classes"):
        number(np.array([4, 4, 4]), None)
