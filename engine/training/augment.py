"""Change the images of a batch at random, each in its own way.

First all that moves pixels, in one resampling; then a rectangle is erased; then comes noise, as a
camera's does.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import Dataset
from engine.project.augmentation import Augmentation

if TYPE_CHECKING:
    import torch
    from torch import Tensor


SMOOTHNESS = 1 / 7  # of the shorter side: Simard's Gaussian of 4 pixels on images of 29
REACH = 1.5  # deviations of the Gaussian beyond the edge from where random numbers count
MOST_OBLONG = 3.3  # of an erased rectangle's height to its width, and the other way round


class PixelRange(NamedTuple):
    """What black and white are in standardised images: (C, 1, 1), or (1, 1, 1) for any C."""

    black: NDArray[np.float32]
    white: NDArray[np.float32]

    @classmethod
    def of(cls, dataset: Dataset) -> PixelRange:
        """Find them by standardising black and white as the dataset's images are."""
        black = np.zeros((dataset.input_shape[0], 1, 1), np.float32)
        return cls(dataset.standardised(black), dataset.standardised(black + 1))


NOT_STANDARDISED = PixelRange(np.zeros((1, 1, 1), np.float32), np.ones((1, 1, 1), np.float32))


class Moves(NamedTuple):
    """What is done to each image, as arrays (N,): it is slanted, turned, scaled, then shifted.

    The centre stays where it is but for the shift.
    """

    right: np.ndarray  # shift, as a share of the width
    down: np.ndarray  # shift, as a share of the height
    angle: np.ndarray  # radians, clockwise
    scale: np.ndarray  # 1 is as large as before
    shear: np.ndarray  # radians: the lower half goes right, the upper half left


class Crops(NamedTuple):
    """Which part of each image is kept and enlarged to the whole, as arrays (N,)."""

    side: np.ndarray  # of the part, as a share of the whole's width and height
    right: np.ndarray  # where its centre is: from -1 (at the whole's left edge) to 1
    down: np.ndarray


class Boxes(NamedTuple):
    """What is erased of each image, as whole numbers of pixels (N,): end is the first one kept."""

    top: np.ndarray
    bottom: np.ndarray
    left: np.ndarray
    right: np.ndarray


def augmented(
    images: Tensor,
    augmentation: Augmentation,
    generator: torch.Generator,
    pixels: PixelRange = NOT_STANDARDISED,
) -> Tensor:
    """Change each image (N, C, H, W; float32) at random, uniformly within the limits.

    Pixels between the old ones are bilinear; beyond an image's edge its edge goes on, which is
    right for standardised images too. For these, erasing and noise need to know their `pixels`.
    `generator` is the CPU's, whatever device the images are on: the same state gives the same
    images, bit for bit on a CPU. What is off draws no number. The result keeps the images' memory
    format; with augmentation off it is the images themselves. Call it outside of autocast, which
    would round the coordinates.
    """
    import torch

    if not augmentation.on:
        return images
    channels_last = images.is_contiguous(memory_format=torch.channels_last)
    count, _, height, width = images.shape
    result = images
    with torch.no_grad():
        if augmentation.resamples:
            moves = random_moves(count, augmentation, generator)
            crops = random_crops(count, augmentation.crop, generator)
            bends = random_bends(count, height, width, augmentation.elastic, generator)
            result = warped(result, moves, crops, bends)
        if augmentation.erase:
            boxes = random_boxes(count, height, width, augmentation.erase, generator)
            result = erased(result, boxes, pixels)
        if augmentation.noise:
            result = noisy(result, augmentation.noise, pixels, generator)
    return result.contiguous(memory_format=torch.channels_last) if channels_last else result


def random_moves(count: int, augmentation: Augmentation, generator: torch.Generator) -> Moves:
    """Draw how each of `count` images is moved; as many numbers whatever is on."""
    limits = np.array(
        [
            augmentation.shift,
            augmentation.shift,
            np.radians(augmentation.rotate),
            augmentation.scale,
            np.radians(augmentation.shear),
        ]
    )
    drawn = uniform(len(limits), count, generator)
    right, down, angle, scale, shear = (2 * drawn - 1) * limits[:, None]
    return Moves(right, down, angle, 1 + scale, shear)


def random_crops(count: int, most: float, generator: torch.Generator) -> Crops | None:
    """Draw which part of each image is kept, as RandomResizedCrop does, in the image's own shape:
    at least 1 - `most` of its area, anywhere within. None where that is the whole.
    """
    if not most:
        return None
    area, right, down = uniform(3, count, generator)
    side = np.sqrt(1 - most * area)
    return Crops(side, (2 * right - 1) * (1 - side), (2 * down - 1) * (1 - side))


def random_bends(
    count: int, height: int, width: int, most: float, generator: torch.Generator
) -> Tensor | None:
    """Draw how far each pixel is displaced: x and y (N, 2, H, W), which go from -1 to 1 over the
    image. Each image's own usual distance is `most` of the shorter side, or less.

    Random numbers smoothed by a Gaussian (Simard, Steinkraus and Platt, Best practices for
    convolutional neural networks, 2003), but drawn a deviation of the Gaussian apart: closer ones
    would be smoothed away, and be many more. None where nothing is displaced.
    """
    if not most:
        return None
    import torch

    shorter = min(height, width)
    deviation = max(1.0, SMOOTHNESS * shorter)
    down, right = bell_curves(height, deviation), bell_curves(width, deviation)
    pixels = most * shorter * uniform(1, count, generator)
    distance = (pixels * [[2 / width], [2 / height]]).T[:, :, None, None].astype(np.float32)
    drawn = torch.rand(count, 2, down.shape[1], right.shape[1], generator=generator)
    drawn = (drawn - 0.5).mul_(12**0.5 * torch.from_numpy(distance))  # of deviation 1
    return down @ (drawn @ right.T)


@lru_cache(maxsize=4)
def bell_curves(pixels: int, deviation: float) -> Tensor:
    """Weigh random numbers that lie a deviation apart, (pixels, numbers): by Gaussians, such that
    their weighted sum varies as much as each of them.
    """
    import torch

    reach = int(np.ceil((pixels / 2) / deviation + REACH))
    places = deviation * np.arange(-reach, reach + 1)
    distances = np.arange(pixels)[:, None] - (pixels - 1) / 2 - places
    weights = np.exp(-((distances / deviation) ** 2) / 2)
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    return torch.from_numpy(weights.astype(np.float32))


def random_boxes(
    count: int, height: int, width: int, most: float, generator: torch.Generator
) -> Boxes:
    """Draw what is erased (Zhong et al., Random erasing data augmentation, 2020): up to `most` of
    the area, of any shape from tall to wide that fits, anywhere within.
    """
    area, shape, down, right = uniform(4, count, generator)
    area *= most * height * width
    oblong = MOST_OBLONG ** (2 * shape - 1)
    tall = np.clip(np.sqrt(area * oblong), area / width, height)
    wide = np.rint(area / tall.clip(1e-9))
    tall = np.rint(tall)
    top, left = np.floor(down * (height - tall + 1)), np.floor(right * (width - wide + 1))
    return Boxes(top, top + tall, left, left + wide)


def uniform(rows: int, count: int, generator: torch.Generator) -> NDArray[np.float64]:
    """Draw numbers between 0 and 1: (rows, count)."""
    import torch

    return torch.rand(rows, count, generator=generator, dtype=torch.float64).numpy()


def warped(
    images: Tensor, moves: Moves, crops: Crops | None = None, bends: Tensor | None = None
) -> Tensor:
    """Resample images (N, C, H, W): each is cropped, then moved, its pixels then displaced."""
    import torch
    from torch.nn.functional import grid_sample

    count, _, height, width = images.shape
    maps = inverse_maps(moves, height, width)
    if crops is not None:
        maps = maps_into(crops, maps)
    # One product for all images, as planes of x and planes of y. affine_grid multiplies image
    # by image into pairs, which takes thirty times as long.
    rows = torch.from_numpy(maps.reshape(-1, 3)).to(images.device)
    places = (rows @ pixel_places(height, width, images.device)).view(count, 2, height, width)
    if bends is not None:
        places += bends.to(images.device)
    # From the outermost pixels' centres on, the edge: padding_mode="border" would do the same,
    # but MPS has it from torch 2.13 on only.
    places[:, 0].clamp_(1 / width - 1, 1 - 1 / width)
    places[:, 1].clamp_(1 / height - 1, 1 - 1 / height)
    return grid_sample(images, places.permute(0, 2, 3, 1), align_corners=False)  # bilinear


def erased(images: Tensor, boxes: Boxes, pixels: PixelRange = NOT_STANDARDISED) -> Tensor:
    """Make a rectangle of each image (N, C, H, W) black.

    torchvision's RandomErasing writes 0 after standardising, which is a mean grey; black is what
    0 is before, and what lies around a digit.
    """
    import torch

    _, _, height, width = images.shape
    y, x = np.arange(height), np.arange(width)
    top, bottom, left, right = (edge[:, None] for edge in boxes)
    rows, columns = (y >= top) & (y < bottom), (x >= left) & (x < right)
    inside = torch.from_numpy(rows[:, None, :, None] & columns[:, None, None, :])
    black = torch.from_numpy(pixels.black).to(images.device)
    return torch.where(inside.to(images.device), black, images)


def noisy(images: Tensor, most: float, pixels: PixelRange, generator: torch.Generator) -> Tensor:
    """Add Gaussian noise to images (N, C, H, W), and cut off what is beyond black and white as
    torchvision's GaussianNoise does. Each image has its own deviation, `most` or less.
    """
    import torch

    black, white = (torch.from_numpy(end).to(images.device) for end in pixels)
    deviation = torch.from_numpy((most * uniform(1, len(images), generator)).astype(np.float32))
    drawn = torch.randn(images.shape, generator=generator).to(images.device)
    drawn *= deviation.to(images.device).view(-1, 1, 1, 1) * (white - black)
    return drawn.add_(images).clamp_(black, white)


def inverse_maps(moves: Moves, height: int, width: int) -> np.ndarray:
    """Compute where each pixel comes from: (N, 2, 3), an x row and a y row for each image, that
    map (x, y, 1) in the result to x or y in the image. Both go from -1 to 1 over the image.

    A move takes a point p, in pixels from the centre, to R S p k + t: S slants it, (1 tan(shear);
    0 1), R turns, k scales and t shifts. Backwards that is S^-1 R^-1 (p - t) / k.
    """
    cos, sin, slope = np.cos(moves.angle), np.sin(moves.angle), np.tan(moves.shear)
    tall = height / width  # x and y have units of their own: half a width and half a height
    maps = np.empty((len(cos), 2, 3), np.float32)
    maps[:, 0, 0] = xx = (cos + slope * sin) / moves.scale
    maps[:, 0, 1] = xy = (sin - slope * cos) / moves.scale * tall
    maps[:, 1, 0] = yx = -sin / moves.scale / tall
    maps[:, 1, 1] = yy = cos / moves.scale
    right, down = 2 * moves.right, 2 * moves.down
    maps[:, 0, 2] = -(xx * right + xy * down)
    maps[:, 1, 2] = -(yx * right + yy * down)
    return maps


def maps_into(crops: Crops, maps: np.ndarray) -> np.ndarray:
    """Let maps (N, 2, 3) lead into the part of each image that is kept, instead of the whole."""
    result = maps * crops.side.astype(np.float32)[:, None, None]
    result[:, 0, 2] += crops.right
    result[:, 1, 2] += crops.down
    return result


@lru_cache(maxsize=4)
def pixel_places(height: int, width: int, device: torch.device) -> Tensor:
    """List the centres of an image's pixels as columns (x, y, 1), row by row: (3, H W)."""
    import torch

    x = (2 * torch.arange(width) + 1) / width - 1
    y = (2 * torch.arange(height) + 1) / height - 1
    down, right = torch.meshgrid(y, x, indexing="ij")
    places = torch.stack([right.flatten(), down.flatten(), torch.ones(height * width)])
    return places.to(device)
