from __future__ import annotations

import numpy as np
import pytest
import torch
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2.functional import affine

from engine.project.augmentation import Augmentation
from engine.training.augment import Moves, augmented, random_moves, warped

ALL = Augmentation(shift=0.1, rotate=20, scale=0.2, shear=10)


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
    drawn = random_moves(4, ALL, generator())

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
