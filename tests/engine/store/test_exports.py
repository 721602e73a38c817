from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.dataset import Cancelled, silent
from engine.problems import ProblemError
from engine.store.exports import (
    Picked,
    free_folder,
    harmless,
    safe_names,
    write_pictures,
    write_table,
)


def picked(count=4, shape=(1, 6, 5), names=("0", "4", "9"), kept=True):
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(len(names)), count).astype(np.float32)
    labels = np.arange(count) % len(names)
    predicted = (labels + 1) % len(names)
    places = np.arange(count)
    return Picked(
        of="test",
        images=rng.random((10, *shape), np.float32),
        rows=np.arange(count) + 2,
        indices=np.arange(count) + 112,
        labels=labels,
        predicted=predicted,
        confidence=probabilities[places, predicted],
        true_probability=probabilities[places, labels],
        probabilities=probabilities if kept else None,
        class_names=names,
    )


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def cancel(done, total):
    if done:
        raise Cancelled


def test_a_table_has_a_line_for_each_image(tmp_path):
    given_ = picked()

    assert write_table(tmp_path / "a.csv", given_, silent) == 4

    lines = read(tmp_path / "a.csv")
    assert [line["index"] for line in lines] == ["112", "113", "114", "115"]
    assert [(line["set"], line["true"], line["predicted"]) for line in lines[:2]] == [
        ("test", "0", "4"),
        ("test", "4", "9"),
    ]


def test_probabilities_come_back_bit_for_bit(tmp_path):
    given_ = picked()
    write_table(tmp_path / "a.csv", given_, silent)

    back = [
        [np.float32(line[f"probability of {name}"]) for name in given_.class_names]
        for line in read(tmp_path / "a.csv")
    ]

    np.testing.assert_array_equal(back, given_.probabilities)


def test_where_only_two_probabilities_are_kept_they_are_written(tmp_path):
    given_ = picked(kept=False)
    write_table(tmp_path / "a.csv", given_, silent)

    line = read(tmp_path / "a.csv")[1]

    assert np.float32(line["probability of predicted"]) == given_.confidence[1]
    assert np.float32(line["probability of true"]) == given_.true_probability[1]


def test_names_with_commas_quotes_and_lines_come_back(tmp_path):
    names = ('a, "b"', "two\nlines", "数字")
    write_table(tmp_path / "a.csv", picked(names=names), silent)

    assert [line["true"] for line in read(tmp_path / "a.csv")[:3]] == list(names)


def test_pictures_lie_by_true_class_under_names_that_tell(tmp_path):
    assert write_pictures(tmp_path / "out", picked(), silent) == 4

    found = sorted(str(p.relative_to(tmp_path / "out").as_posix()) for p in tmp_path.rglob("*.png"))
    assert found == [
        "0/test-00112-as-4.png",
        "0/test-00115-as-4.png",
        "4/test-00113-as-9.png",
        "9/test-00114-as-0.png",
    ]


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_holds_the_image(tmp_path, channels):
    given_ = picked(shape=(channels, 6, 5))
    write_pictures(tmp_path / "out", given_, silent)

    with PIL.Image.open(tmp_path / "out" / "4" / "test-00113-as-9.png") as image:
        pixels = np.asarray(image)

    expected = np.round(255 * given_.images[3]).astype(np.uint8)
    np.testing.assert_array_equal(
        pixels, expected[0] if channels == 1 else expected.transpose(1, 2, 0)
    )


def test_pixels_beyond_the_range_or_no_numbers_are_written(tmp_path):
    given_ = picked()
    given_.images[2, 0, 0, :3] = (np.nan, 7, -1)

    write_pictures(tmp_path / "out", given_, silent)

    with PIL.Image.open(tmp_path / "out" / "0" / "test-00112-as-4.png") as image:
        assert np.asarray(image)[0, :3].tolist() == [0, 255, 0]


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")

    with pytest.raises(ProblemError, match="is not empty"):
        write_pictures(tmp_path, picked(), silent)

    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "out").mkdir()

    write_pictures(tmp_path / "out", picked(), silent)

    assert len(list((tmp_path / "out").rglob("*.png"))) == 4
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["0", "4", "9"]


def test_a_cancelled_export_leaves_an_empty_folder_empty(tmp_path):
    with pytest.raises(Cancelled):
        write_pictures(tmp_path, picked(), cancel)

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("write", [write_table, write_pictures])
def test_a_cancelled_export_leaves_nothing(tmp_path, write):
    with pytest.raises(Cancelled):
        write(tmp_path / "out", picked(), cancel)

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("write", [write_table, write_pictures])
def test_a_place_that_can_not_be_written_gets_a_sentence(tmp_path, write):
    (tmp_path / "file").write_text("x")

    with pytest.raises(ProblemError, match="could not be saved"):
        write(tmp_path / "file" / "out", picked(), silent)


@pytest.mark.parametrize("write", [write_table, write_pictures])
def test_progress_is_told_to_the_end(tmp_path, write):
    told = []
    write(tmp_path / "out", picked(), lambda done, total: told.append((done, total)))

    assert told == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_folder_in_use_gives_a_free_one_inside(tmp_path):
    assert free_folder(tmp_path, "images") == tmp_path
    (tmp_path / "images").mkdir()
    assert free_folder(tmp_path, "images") == tmp_path / "images 2"
    assert free_folder(tmp_path / "new", "images") == tmp_path / "new"


@given(st.lists(st.text(max_size=80), max_size=8))
def test_safe_names_are_different_and_safe(names):
    safe = safe_names(names)

    assert len({name.lower() for name in safe}) == len(names)
    for name in safe:
        assert name.strip() == name
        assert name
        assert not set(name) & set('/\\:*?"<>|.\0\n')


@pytest.mark.parametrize(
    ("name", "safe"),
    [("4", "4"), ("../../etc", "etc"), ("CON", "CON_"), ("a/b", "a_b"), ("", "class"), ("é", "é")],
)
def test_a_name_keeps_what_it_can(name, safe):
    assert safe_names([name]) == (safe,)


def test_a_table_names_the_file_of_each_image(tmp_path):
    files = ("a/1.png", "a/2.png", "b/1.png", "b/2.png")
    write_table(tmp_path / "a.csv", replace(picked(), files=files), silent)
    write_table(tmp_path / "b.csv", picked(), silent)

    assert tuple(line["file"] for line in read(tmp_path / "a.csv")) == files
    assert {line["file"] for line in read(tmp_path / "b.csv")} == {""}


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+cmd|' /C calc'!A0", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1"],
)
def test_what_a_spreadsheet_would_compute_becomes_text(tmp_path, text):
    assert harmless(text) == f"'{text}"
    given_ = replace(picked(names=(text, "b", "c")), files=(text,) * 4)
    write_table(tmp_path / "a.csv", given_, silent)

    line = read(tmp_path / "a.csv")[0]
    assert (line["true"], line["file"]) == (f"'{text}", f"'{text}")


@pytest.mark.parametrize("text", ["4", "-1", "+2.5", "-1e-05", "a=b", "cat/-1.png", "", "'x", "é"])
def test_numbers_and_plain_names_stay_as_they_are(text):
    assert harmless(text) == text


@given(st.text(max_size=20))
def test_no_cell_begins_a_formula_unless_it_is_a_number(text):
    cell = harmless(text)

    assert cell.removeprefix("'") == text.removeprefix("'")
    try:
        float(cell)
    except ValueError:
        assert cell.lstrip()[:1] not in tuple("=+-@")
