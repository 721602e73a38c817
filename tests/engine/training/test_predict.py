"""Pictures of one's own: made as the run's images were, and answered as the network would."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engine.data.dataset import Dataset, Split
from engine.problems import ProblemError
from engine.project.layers import Dense, Flatten
from engine.store.weights import About, Preparation, Weights
from engine.training import predict
from engine.training.network import build
from engine.training.predict import Answer, Predictor, Refused, network_of, ranked
from engine.training.preparation import border, is_opposite, preparation_of, prepared

PLAIN = Preparation(mean=(0.0,), deviation=(1.0,), background=0.0)


def weights_for(project, preparation=PLAIN, **changes) -> Weights:
    torch.manual_seed(5)
    tensors = {name: value.numpy() for name, value in build(project).state_dict().items()}
    about = About(preparation=preparation)
    return Weights(tensors | changes, about, project, Path("a.safetensors"))


@pytest.fixture
def picture(tmp_path):
    """Write a picture file of some pixels."""

    def write(pixels, name="a.png"):
        Image.fromarray(np.asarray(pixels, np.uint8)).save(tmp_path / name)
        return tmp_path / name

    return write


@pytest.fixture
def ask(project, tmp_path):
    predictor = Predictor(weights_for(project), tmp_path)
    return lambda *paths: list(predictor.answers(paths))


def dark(brightest=200):
    pixels = np.zeros((4, 4), np.uint8)
    pixels[1:3, 1:3] = brightest
    return pixels


# ---- preparing


def test_a_picture_is_scaled(picture):
    found = prepared(picture(dark()), (1, 4, 4), 0.0)

    np.testing.assert_array_equal(found.image[0], dark() / np.float32(255))
    assert not found.inverted


def test_dark_on_light_is_turned_round(picture):
    found = prepared(picture(255 - dark()), (1, 4, 4), 0.0)

    assert found.inverted
    np.testing.assert_allclose(found.image[0], dark() / 255, atol=1e-6)


def test_a_colour_picture_becomes_grey_and_small(picture):
    found = prepared(picture(np.full((40, 30, 3), (0, 90, 0))), (1, 4, 4), 0.0)

    assert found.image.shape == (1, 4, 4)
    assert np.ptp(found.image) == 0


def test_a_grey_picture_becomes_colour(picture):
    assert prepared(picture(dark()), (3, 4, 4), 0.0).image.shape == (3, 4, 4)


@pytest.mark.parametrize(
    ("brightness", "background", "opposite"),
    [(0.9, 0.05, True), (0.1, 0.05, False), (0.1, 0.95, True), (0.9, 0.5, False), (0, 0.5, False)],
)
def test_only_a_clear_background_has_an_opposite(brightness, background, opposite):
    assert is_opposite(brightness, background) is opposite


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 99))
def test_a_border_is_the_mean_of_the_outermost_pixels(height, width, seed):
    images = np.random.default_rng(seed).random((3, 2, height, width), np.float32)
    outer = np.ones((height, width), bool)
    outer[1:-1, 1:-1] = False

    assert border(images) == pytest.approx(images[:, :, outer].mean(), rel=1e-5)


def test_a_dataset_tells_how_it_was_prepared():
    images = np.zeros((5, 1, 4, 4), np.float32)
    images[:, :, 0] = 1
    split = Split(images, np.zeros(5, np.int64), np.arange(5))
    mean, deviation = np.array([0.25], np.float32), np.array([0.5], np.float32)
    found = preparation_of(Dataset(split, split, split, ("a", "b"), mean, deviation))

    assert found == Preparation(mean=(0.25,), deviation=(0.5,), background=4 / 12)


# ---- answering


def test_the_answer_is_the_networks(project, picture, ask):
    (answer,) = ask(picture(dark()))

    network = build(project)
    tensors = weights_for(project).tensors.items()
    network.load_state_dict({name: torch.from_numpy(value) for name, value in tensors})
    scores = network(torch.from_numpy(dark()[None, None] / np.float32(255)))
    expected = scores.softmax(1)[0].tolist()
    assert dict(answer.ranked) == pytest.approx(
        dict(zip(("left", "middle", "right"), expected, strict=True)), abs=1e-6
    )
    shares = [share for _, share in answer.ranked]
    assert shares == sorted(shares, reverse=True)


def test_standardising_is_done_as_in_training(make_project, tmp_path):
    preparation = Preparation(mean=(0.5,), deviation=(0.25,), background=0)
    predictor = Predictor(weights_for(make_project(), preparation), tmp_path)

    assert predictor.standardised(np.full((1, 1, 4, 4), 1, np.float32))[0, 0, 0, 0] == 2


def test_a_folder_stands_for_its_pictures(picture, ask, tmp_path):
    for name in ("b.png", "a.PNG", "notes.txt"):
        picture(dark()).rename(tmp_path / name)

    assert [answer.path.name for answer in ask(tmp_path)] == ["a.PNG", "b.png"]


def test_more_pictures_than_fit_at_once_keep_their_order(picture, ask, monkeypatch):
    monkeypatch.setattr(predict, "AT_ONCE", 2)
    paths = [picture(dark(50 * number), f"{number}.png") for number in range(5)]

    assert [answer.path for answer in ask(*paths)] == paths


def test_what_is_no_picture_is_refused_and_the_others_are_answered(picture, ask, tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "empty").mkdir()

    first, second, third, fourth = ask(
        tmp_path / "text.png", tmp_path / "none.png", tmp_path / "empty", picture(dark())
    )

    assert isinstance(fourth, Answer)
    for refused, words in (
        (first, "text.png is no picture that can be read"),
        (second, "none.png does not exist"),
        (third, "empty is a folder without pictures"),
    ):
        assert isinstance(refused, Refused)
        assert words in str(refused.problem)


def test_a_huge_picture_is_refused_by_its_header(ask, tmp_path):
    path = tmp_path / "huge.pgm"
    path.write_bytes(b"P5 10000 10000 255\n")

    (refused,) = ask(path)

    assert "of at most 80,000,000 pixels" in str(refused.problem)


def test_ranks_of_equal_probabilities_keep_the_classes_order():
    assert [name for name, _ in ranked(np.array([0.2, 0.4, 0.4]), "abc")] == ["b", "c", "a"]


# ---- weights that do not answer


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"dense_1.weight": np.ones((2, 2), np.float32)}, "dense_1: Its weight is 8×16 here"),
        ({"dense_1.bias": np.full(8, np.nan, np.float32)}, "values that are no numbers"),
        ({"dense_9.bias": np.ones(8, np.float32)}, "which has no dense_9"),
    ],
)
def test_weights_that_do_not_fit_are_refused(make_project, changes, sentence):
    project = make_project(Flatten(), Dense(units=8))

    with pytest.raises(ProblemError, match="do not fit the project") as refused:
        network_of(weights_for(project, **changes))

    assert sentence in str(refused.value)


def test_building_a_network_takes_no_random_numbers(project):
    weights = weights_for(project)
    before = torch.get_rng_state()

    network_of(weights)

    assert torch.equal(torch.get_rng_state(), before)


def test_an_older_run_is_measured_again(project, dataset, monkeypatch, tmp_path):
    monkeypatch.setattr(predict, "load", lambda *_: dataset)

    predictor = Predictor(weights_for(project, None), tmp_path)

    assert predictor.preparation == preparation_of(dataset)


def test_an_older_run_whose_images_are_gone_says_so(project, tmp_path):
    with pytest.raises(ProblemError, match="can't be measured again"):
        Predictor(weights_for(project, None), tmp_path)
