"""Change the images of a batch at random, each in its own way, in one resampling."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from engine.project.augmentation import Augmentation

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class Moves(NamedTuple):
    """What is done to each image, as arrays (N,): it is slanted, turned, scaled, then shifted.

    The centre stays where it is but for the shift.
    """

    right: np.ndarray  # shift, as a share of the width
    down: np.ndarray  # shift, as a share of the height
    angle: np.ndarray  # radians, clockwise
    scale: np.ndarray  # 1 is as large as before
    shear: np.ndarray  # radians: the lower half goes right, the upper half left


def augmented(images: Tensor, augmentation: Augmentation, generator: torch.Generator) -> Tensor:
    """Change each image (N, C, H, W; float32) at random, uniformly within ± the limits.

    Pixels between the old ones are bilinear; beyond an image's edge its edge goes on, which is
    right for standardised images too. `generator` is the CPU's, whatever device the images are on:
    the same state gives the same images, bit for bit on a CPU. The result keeps the images' memory
    format; with augmentation off it is the images themselves. Call it outside of autocast, which
    would round the coordinates.
    """
    if not augmentation.on:
        return images
    return warped(images, random_moves(len(images), augmentation, generator))


def random_moves(count: int, augmentation: Augmentation, generator: torch.Generator) -> Moves:
    """Draw what is done to each of `count` images; as many numbers whatever is on."""
    import torch

    limits = np.array(
        [
            augmentation.shift,
            augmentation.shift,
            np.radians(augmentation.rotate),
            augmentation.scale,
            np.radians(augmentation.shear),
        ]
    )
    drawn = torch.rand(len(limits), count, generator=generator, dtype=torch.float64).numpy()
    right, down, angle, scale, shear = (2 * drawn - 1) * limits[:, None]
    return Moves(right, down, angle, 1 + scale, shear)


def warped(images: Tensor, moves: Moves) -> Tensor:
    """Resample images (N, C, H, W), each by its own move."""
    import torch
    from torch.nn.functional import grid_sample

    count, _, height, width = images.shape
    channels_last = images.is_contiguous(memory_format=torch.channels_last)
    with torch.no_grad():
        maps = torch.from_numpy(inverse_maps(moves, height, width)).to(images.device)
        # One product for all images, as planes of x and planes of y. affine_grid multiplies image
        # by image into pairs, which takes thirty times as long.
        places = (maps @ pixel_places(height, width, images.device)).view(count, 2, height, width)
        # From the outermost pixels' centres on, the edge: padding_mode="border" would do the same,
        # but MPS has it from torch 2.13 on only.
        places[:, 0].clamp_(1 / width - 1, 1 - 1 / width)
        places[:, 1].clamp_(1 / height - 1, 1 - 1 / height)
        result = grid_sample(images, places.permute(0, 2, 3, 1), align_corners=False)  # bilinear
    return result.contiguous(memory_format=torch.channels_last) if channels_last else result


def inverse_maps(moves: Moves, height: int, width: int) -> np.ndarray:
    """Compute where each pixel comes from: rows (2N, 3), an x row and a y row for each image, that
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
    return maps.reshape(-1, 3)


@lru_cache(maxsize=4)
def pixel_places(height: int, width: int, device: torch.device) -> Tensor:
    """List the centres of an image's pixels as columns (x, y, 1), row by row: (3, H W)."""
    import torch

    x = (2 * torch.arange(width) + 1) / width - 1
    y = (2 * torch.arange(height) + 1) / height - 1
    down, right = torch.meshgrid(y, x, indexing="ij")
    places = torch.stack([right.flatten(), down.flatten(), torch.ones(height * width)])
    return places.to(device)
