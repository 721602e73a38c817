from __future__ import annotations

import numpy as np
import pytest
import scipy.ndimage
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2.functional import affine, erase, gaussian_noise, resized_crop

from engine.data.dataset import Dataset, Split
from engine.project.augmentation import Augmentation
from engine.training.augment import (
    Boxes,
    Crops,
    Moves,
    PixelRange,
    augmented,
    erased,
    noisy,
    random_bends,
    random_boxes,
    random_crops,
    random_moves,
    warped,
)

MOVES = Augmentation(shift=0.1, rotate=20, scale=0.2, shear=10)
LATER = {"crop": 0.3, "elastic": 0.06, "erase": 0.2, "noise": 0.1}
ALL = Augmentation(shift=0.1, rotate=20, scale=0.2, shear=10, **LATER)
SIZES = [(28, 28), (8, 8), (20, 33), (12, 5)]
BLACK_AND_WHITE = PixelRange(np.zeros((1, 1, 1), np.float32), np.ones((1, 1, 1), np.float32))


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def noise(*shape):
    return torch.rand(shape, generator=generator(9))


def smooth(count, channels, height, width):
    """Make images without steps, so that two ways of sampling them agree closely."""
    y, x = torch.meshgrid(torch.arange(height) / 4, torch.arange(width) / 4, indexing="ij")
    waves = [torch.sin(x * (1 + k % 3) / 2 + k) + torch.cos(y + k) for k in range(count * channels)]
    return torch.stack(waves).view(count, channels, height, width)


def moves(count, *, right=0.0, down=0.0, angle=0.0, scale=1.0, shear=0.0):
    """Do the same to each image; angles in degrees."""
    return Moves(
        *(np.full(count, v) for v in (right, down, np.radians(angle), scale, np.radians(shear)))
    )


def test_nothing_to_do_gives_the_images_themselves():
    images = noise(3, 1, 8, 8)

    assert augmented(images, Augmentation(), generator()) is images


def test_a_move_by_nothing_gives_the_same_pixels():
    images = noise(3, 2, 8, 11)

    torch.testing.assert_close(warped(images, moves(3)), images, rtol=0, atol=1e-6)


def test_a_shift_by_whole_pixels_moves_them_and_lets_the_edge_go_on():
    images = noise(2, 1, 8, 10)

    result = warped(images, moves(2, right=0.2, down=-0.125))

    torch.testing.assert_close(result[..., :-1, 2:], images[..., 1:, :-2], rtol=0, atol=1e-5)
    torch.testing.assert_close(result[..., -1, 2:], images[..., -1, :-2], rtol=0, atol=1e-5)
    torch.testing.assert_close(
        result[..., :-1, :2], images[..., 1:, :1].expand(2, 1, 7, 2), rtol=0, atol=1e-5
    )


@pytest.mark.parametrize("quarters", [1, 2, 3, -1])
def test_a_quarter_turn_of_a_square_is_exact(quarters):
    images = noise(2, 3, 9, 9)

    result = warped(images, moves(2, angle=90.0 * quarters))

    torch.testing.assert_close(result, images.rot90(-quarters, (2, 3)), rtol=0, atol=1e-5)


def test_a_quarter_turn_of_an_oblong_does_not_distort_it():
    images = noise(1, 1, 6, 10)

    result = warped(images, moves(1, angle=90))

    middle = images[..., 2:8].rot90(-1, (2, 3))  # the square that stays within
    torch.testing.assert_close(result[..., 2:8], middle, rtol=0, atol=1e-5)


@pytest.mark.parametrize("size", [(28, 28), (20, 32), (33, 17)])
def test_it_is_torchvisions_image_by_image(size):
    height, width = size
    images = smooth(4, 2, height, width)
    drawn = random_moves(4, MOVES, generator())

    result = warped(images, drawn)

    for index, image in enumerate(images):
        expected = affine(
            image,
            angle=float(np.degrees(drawn.angle[index])),
            translate=[float(drawn.right[index]) * width, float(drawn.down[index]) * height],
            scale=float(drawn.scale[index]),
            shear=[float(-np.degrees(drawn.shear[index])), 0.0],  # its y goes up
            interpolation=InterpolationMode.BILINEAR,
        )
        inner = slice(9, -9) if min(size) > 25 else slice(7, -7)  # beyond the edge it has zeros
        torch.testing.assert_close(
            result[index][:, inner, inner], expected[:, inner, inner], rtol=0, atol=2e-3
        )


def test_beyond_the_edge_nothing_new_appears():
    images = noise(50, 1, 12, 12) + 5  # as standardised ones, where 0 would be no background

    result = augmented(
        images, Augmentation(shift=0.5, rotate=180, scale=0.5, shear=45), generator()
    )

    assert result.min() >= images.min() - 1e-5
    assert result.max() <= images.max() + 1e-5


def test_a_seed_gives_the_same_images_to_the_last_bit():
    images = noise(16, 1, 28, 28)

    assert torch.equal(augmented(images, ALL, generator(3)), augmented(images, ALL, generator(3)))
    assert not torch.equal(
        augmented(images, ALL, generator(3)), augmented(images, ALL, generator(4))
    )


def test_it_takes_no_number_of_torchs_global_generator():
    before = torch.random.get_rng_state()

    augmented(noise(2, 1, 8, 8), ALL, generator())

    assert torch.equal(torch.random.get_rng_state(), before)


def test_each_image_goes_its_own_way_and_the_next_batch_another():
    images = noise(1, 1, 10, 10).expand(6, 1, 10, 10).contiguous()
    random = generator()

    results = torch.cat([augmented(images, ALL, random), augmented(images, ALL, random)])

    assert len(results.flatten(1).unique(dim=0)) == 12


def test_the_images_themselves_stay():
    images = noise(4, 1, 8, 8)
    before = images.clone()

    augmented(images, ALL, generator())

    assert torch.equal(images, before)


@pytest.mark.parametrize(
    ("field", "limit", "drawn", "neutral"),
    [
        ("shift", 0.25, "right", 0),
        ("shift", 0.25, "down", 0),
        ("rotate", 90.0, "angle", 0),
        ("scale", 0.4, "scale", 1),
        ("shear", 30.0, "shear", 0),
    ],
)
def test_moves_are_uniform_within_the_limit_and_the_others_off(field, limit, drawn, neutral):
    result = random_moves(4000, Augmentation(**{field: limit}), generator())
    size = np.radians(limit) if field in ("rotate", "shear") else limit
    share = (getattr(result, drawn) - neutral) / size

    assert np.abs(share).max() <= 1
    counts, _ = np.histogram(share, bins=8, range=(-1, 1))
    assert counts.min() > 400  # 500 expected
    off = {"shift": ("angle", "shear"), "rotate": ("right", "shear")}.get(field, ("right", "angle"))
    assert all(not getattr(result, name).any() for name in off)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_memory_format_is_kept(channels):
    plain = noise(4, channels, 8, 9)
    last = plain.contiguous(memory_format=torch.channels_last)

    result = augmented(last, ALL, generator())

    assert result.is_contiguous(memory_format=torch.channels_last)
    assert augmented(plain, ALL, generator()).is_contiguous()
    assert torch.equal(result, augmented(plain, ALL, generator()))


def test_no_gradient_reaches_back_through_it():
    images = noise(2, 1, 8, 8).requires_grad_()

    assert not augmented(images, ALL, generator()).requires_grad


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_on_cuda_it_is_the_cpus():
    images = noise(8, 3, 20, 28)

    result = augmented(images.cuda(), ALL, generator())

    torch.testing.assert_close(result.cpu(), augmented(images, ALL, generator()), rtol=0, atol=1e-4)


def drawn_since(random):
    """Count the 64-bit numbers that were drawn of a generator seeded with 0, at most 200."""
    fresh = generator()
    for count in range(200):
        if torch.equal(fresh.get_state(), random.get_state()):
            return count
        torch.rand(1, generator=fresh, dtype=torch.float64)
    raise AssertionError("more than 200 numbers, or half a one")


def test_moves_alone_draw_what_they_always_did():
    """Runs of before there was anything else repeat to the last bit."""
    images, random = noise(6, 1, 28, 28), generator()

    result = augmented(images, MOVES, random)

    assert drawn_since(random) == 5 * 6
    assert torch.equal(result, warped(images, random_moves(6, MOVES, generator())))


@pytest.mark.parametrize(("field", "numbers"), [("crop", 5 + 3), ("erase", 4)])
def test_what_is_off_draws_no_number(field, numbers):
    random = generator()

    augmented(noise(6, 1, 8, 8), Augmentation(**{field: 0.3}), random)

    assert drawn_since(random) == 6 * numbers


@pytest.mark.parametrize("field", LATER)
def test_each_change_changes_something_by_itself(field):
    images = noise(6, 3, 10, 8)

    result = augmented(images, Augmentation(**{field: LATER[field]}), generator())

    assert (result != images).flatten(1).any(1).sum() >= 5  # one may be hardly changed


@pytest.mark.parametrize("size", [(24, 24), (16, 32)])
def test_a_crop_is_torchvisions(size):
    height, width = size
    images = noise(2, 3, height, width)
    top, left = height // 4, width // 8  # of the half that is kept
    crops = Crops(
        np.full(2, 0.5),
        np.full(2, 2 * (left + width / 4) / width - 1),
        np.full(2, 2 * (top + height / 4) / height - 1),
    )

    result = warped(images, moves(2), crops)

    expected = resized_crop(images, top, left, height // 2, width // 2, list(size), antialias=False)
    inner = (..., slice(1, -1), slice(1, -1))  # torchvision knows nothing beyond the part's edge
    torch.testing.assert_close(result[inner], expected[inner], rtol=0, atol=1e-5)


@given(most=st.floats(0.01, 0.9), seed=st.integers(0, 99))
def test_a_crop_lies_within_and_keeps_what_it_must(most, seed):
    side, right, down = random_crops(20, most, generator(seed))

    assert (side**2 >= 1 - most - 1e-9).all()
    assert (np.abs(right) + side <= 1 + 1e-9).all()
    assert (np.abs(down) + side <= 1 + 1e-9).all()


def test_crops_keep_all_shares_of_the_area_and_lie_everywhere():
    side, right, down = random_crops(4000, 0.5, generator())

    assert scipy.stats.kstest((1 - side**2) / 0.5, "uniform").pvalue > 0.01
    for centre in (right, down):
        assert scipy.stats.kstest(centre / (1 - side) / 2 + 0.5, "uniform").pvalue > 0.01


def test_an_image_is_cropped_then_moved_then_bent():
    """Ramps of x and y tell where each pixel was taken from; it is worked out point by point."""
    height, width = 20, 30
    y, x = np.mgrid[:height, :width].astype(np.float64)
    ramps = torch.tensor(np.stack([x, y])[None], dtype=torch.float32)
    bends = random_bends(1, height, width, 0.03, generator())
    move = moves(1, right=0.05, down=-0.04, angle=12, scale=1.1, shear=8)
    crop = Crops(np.array([0.6]), np.array([0.1]), np.array([-0.2]))

    result = warped(ramps, move, crop, bends)[0]

    turn = np.radians(12)
    forward = (
        1.1
        * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        @ np.array([[1, np.tan(np.radians(8))], [0, 1]])
    )
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    points = np.stack([x.ravel(), y.ravel()]) - centre[:, None]
    shift = np.array([[0.05 * width], [-0.04 * height]])
    before = np.linalg.inv(forward) @ (points - shift)
    part = np.array([[0.1 * width / 2], [-0.2 * height / 2]])
    displaced = bends[0].reshape(2, -1).numpy() * [[width / 2], [height / 2]]
    taken = 0.6 * before + part + displaced + centre[:, None]
    taken = np.clip(taken, 0, [[width - 1], [height - 1]])
    np.testing.assert_allclose(result.reshape(2, -1).numpy(), taken, atol=1e-3)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", SIZES)
def test_bending_is_scipys_map_coordinates(size, channels):
    height, width = size
    images = noise(3, channels, height, width)
    bends = random_bends(3, height, width, 0.1, generator(2))

    result = warped(images, moves(3), None, bends)

    for image, made, (right, down) in zip(images, result, bends.numpy(), strict=True):
        y, x = np.mgrid[:height, :width].astype(np.float64)
        places = [y + down * height / 2, x + right * width / 2]
        for plane, ours in zip(image, made, strict=True):
            expected = scipy.ndimage.map_coordinates(plane.numpy(), places, order=1, mode="nearest")
            np.testing.assert_allclose(ours.numpy(), expected, atol=1e-4)


@pytest.mark.parametrize("size", SIZES)
def test_bends_are_as_far_as_they_say_everywhere(size):
    """Each image's own distance is uniform up to the limit: on average a third of its square."""
    height, width = size
    bends = random_bends(4000, height, width, 0.06, generator())

    pixels = bends.double().numpy() * [[[width / 2]], [[height / 2]]]
    expected = 0.06 * min(size) / np.sqrt(3)
    np.testing.assert_allclose(np.sqrt((pixels**2).mean(0)), expected, rtol=0.1)
    assert np.abs(pixels.mean(0)).max() < 0.1 * expected


def test_bends_are_as_smooth_as_simards():
    """Beside each pixel's own random number, smoothed by scipy's Gaussian of 4 pixels."""
    ours = random_bends(2000, 28, 28, 0.05, generator())[:, 0].numpy()
    plain = np.random.default_rng(0).uniform(-1, 1, (2000, 60, 60))
    simards = scipy.ndimage.gaussian_filter(plain, (0, 4, 4))[:, 16:44, 16:44]

    for apart in (1, 2, 4, 8, 16):
        for field in (ours, np.swapaxes(ours, 1, 2)):
            assert correlation(field, apart) == pytest.approx(correlation(simards, apart), abs=0.05)


def correlation(fields, apart):
    """Correlate the numbers of each field (N, H, W) that are so many columns apart."""
    one, other = fields[..., :-apart], fields[..., apart:]
    return (one * other).sum() / np.sqrt((one**2).sum() * (other**2).sum())


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", SIZES)
def test_erasing_is_torchvisions_with_black(size, channels):
    images = noise(9, channels, *size)
    boxes = random_boxes(9, *size, 0.4, generator(1))
    black = np.linspace(-2, -1, channels, dtype=np.float32)[:, None, None]

    result = erased(images, boxes, PixelRange(black, black + 3))

    for image, made, top, bottom, left, right in zip(
        images, result, *(edge.astype(int).tolist() for edge in boxes), strict=True
    ):
        expected = erase(image, top, left, bottom - top, right - left, torch.from_numpy(black))
        assert torch.equal(made, expected)


def test_an_empty_rectangle_erases_nothing():
    images, nothing = noise(2, 1, 8, 8), np.array([3.0, 8.0])

    assert torch.equal(erased(images, Boxes(nothing, nothing, nothing, nothing)), images)


@given(
    most=st.floats(0.001, 0.5),
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    seed=st.integers(0, 99),
)
def test_what_is_erased_lies_within_and_is_no_larger_than_the_limit(most, height, width, seed):
    top, bottom, left, right = random_boxes(20, height, width, most, generator(seed))

    assert (top >= 0).all()
    assert (left >= 0).all()
    assert (bottom <= height).all()
    assert (right <= width).all()
    tall, wide = bottom - top, right - left
    assert (tall >= 0).all()
    assert (wide >= 0).all()
    rounded = (tall - 0.5).clip(0) * (wide - 0.5).clip(0)
    assert (rounded <= most * height * width + 1e-6).all()


def test_what_is_erased_has_all_sizes_and_lies_everywhere():
    top, bottom, left, right = random_boxes(4000, 200, 300, 0.3, generator())
    tall, wide = bottom - top, right - left

    assert scipy.stats.kstest(tall * wide / (0.3 * 200 * 300), "uniform").statistic < 0.03
    assert 1 / 3.5 < np.median(tall / wide.clip(1)) < 3.5
    for start, size, whole in ((top, tall, 200), (left, wide, 300)):
        places = whole - size + 1
        many = places > 50  # among a few, a whole number can't look uniform
        assert scipy.stats.kstest((start / places)[many], "uniform").statistic < 0.03


def test_noise_is_normal_and_each_image_has_its_own_share_of_it():
    grey = torch.full((400, 1, 30, 30), 0.5)

    result = noisy(grey, 0.1, BLACK_AND_WHITE, generator()) - 0.5

    deviations = result.flatten(1).std(1).numpy()
    assert scipy.stats.kstest(deviations / 0.1, "uniform").pvalue > 0.01
    strongest = result[int(deviations.argmax())].flatten().numpy() / deviations.max()
    assert scipy.stats.kstest(strongest, "norm").pvalue > 0.01


def test_noise_beyond_black_and_white_is_cut_off_as_torchvision_does():
    dark = torch.full((1, 1, 300, 300), 0.02)
    result = noisy(dark, 0.4, BLACK_AND_WHITE, generator())
    sigma = 0.4 * float(torch.rand(1, generator=generator(), dtype=torch.float64))

    expected = gaussian_noise(dark, 0.0, sigma, clip=True)

    assert result.min() == 0
    assert result.max() <= 1
    assert float(result.mean()) == pytest.approx(float(expected.mean()), rel=0.05)
    assert float((result == 0).float().mean()) == pytest.approx(
        float((expected == 0).float().mean()), abs=0.01
    )


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("field", [*LATER, "all"])
def test_standardised_images_are_changed_as_plain_ones(field, channels):
    images = noise(6, channels, 12, 10)
    dataset = standardising(images.numpy())
    augmentation = ALL if field == "all" else Augmentation(**{field: LATER[field]})
    standardised = torch.from_numpy(dataset.standardised(images.numpy()))

    result = augmented(standardised, augmentation, generator(), PixelRange.of(dataset))

    plain = augmented(images, augmentation, generator()).numpy()
    np.testing.assert_allclose(result.numpy(), dataset.standardised(plain), atol=1e-4)


def test_without_standardising_black_is_0_and_white_is_1():
    images = noise(2, 3, 4, 4).numpy()
    split = Split(images, np.zeros(2, np.int64), np.arange(2))
    zeros, ones = np.zeros(3, np.float32), np.ones(3, np.float32)

    black, white = PixelRange.of(Dataset(split, split, split, ("a",), zeros, ones))

    assert not black.any()
    assert (white == 1).all()


def standardising(images):
    """Make a dataset of images (N, C, H, W) with deviations of their own, one of them 0."""
    channels = images.shape[1]
    mean = np.linspace(0.3, 0.6, channels, dtype=np.float32)
    deviation = np.linspace(0.25, 0, channels, dtype=np.float32)
    split = Split(images, np.zeros(len(images), np.int64), np.arange(len(images)))
    return Dataset(split, split, split, ("a",), mean, deviation)


@settings(max_examples=60)
@given(
    limits=st.fixed_dictionaries(
        {
            name: st.one_of(
                st.just(0.0), st.floats(1e-6, field.metadata[1].le), st.just(field.metadata[1].le)
            )
            for name, field in Augmentation.model_fields.items()
        }
    ),
    shape=st.tuples(
        st.integers(1, 4), st.sampled_from([1, 3]), st.integers(1, 20), st.integers(1, 20)
    ),
)
def test_any_limits_give_any_images_back_within_their_range(limits, shape):
    images = noise(*shape)

    result = augmented(images, Augmentation(**limits), generator())

    assert result.shape == images.shape
    assert result.dtype == torch.float32
    assert result.min() >= -1e-5
    assert result.max() <= 1 + 1e-5
