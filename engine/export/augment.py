"""Augmentation by each framework's own means, as near as they come to engine.training.augment."""

from __future__ import annotations

from math import pi, radians, sqrt, tan
from textwrap import wrap
from typing import Any

from engine.export.text import WIDTH, called
from engine.project.augmentation import Augmentation
from engine.project.layers import Shape
from engine.project.torch_call import Call

MOST_OBLONG, SMOOTHNESS = 3.3, 1 / 7  # engine.training.augment's, which a test compares

DEPTH = 8  # how far a list's entries are indented in a call in an assignment
DIGITS = 6  # of a limit that is computed from ours


def transforms(augmentation: Augmentation, shape: Shape) -> list[str]:
    """Write torchvision's transforms of images (C, H, W) in 0..1, in the order of ours."""
    _, height, width = shape
    found = []
    if augmentation.crop:
        area, ratio = round(1 - augmentation.crop, DIGITS), round(width / height, DIGITS)
        size = (height, width)
        found.append(_transform("RandomResizedCrop", size, scale=(area, 1.0), ratio=(ratio, ratio)))
    if any((augmentation.shift, augmentation.rotate, augmentation.scale, augmentation.shear)):
        found.append(_affine(augmentation))
    if augmentation.elastic:
        found.append(_elastic(augmentation.elastic, min(height, width)))
    if augmentation.erase:
        shapes = (round(1 / MOST_OBLONG, DIGITS), MOST_OBLONG)
        options = {"scale": (0.0, augmentation.erase), "ratio": shapes}
        found.append(_transform("RandomErasing", p=1.0, **options))
    if augmentation.noise:
        found.append(_transform("GaussianNoise", sigma=augmentation.noise / 2))
    return found


def _affine(augmentation: Augmentation) -> str:
    shift, scale, shear = augmentation.shift, augmentation.scale, augmentation.shear
    options: dict[str, Any] = {"degrees": augmentation.rotate}
    options |= {"translate": (shift, shift)} if shift else {}
    options |= {"scale": (round(1 - scale, DIGITS), round(1 + scale, DIGITS))} if scale else {}
    options |= {"shear": shear} if shear else {}
    bilinear = "interpolation=v2.InterpolationMode.BILINEAR"
    return _transform("RandomAffine", bilinear, **options)


def _elastic(most: float, side: int) -> str:
    """Write the distance that ours has on average. torchvision smooths numbers within -1..1 by a
    Gaussian, which leaves of their deviation, √⅓, the share 1 / (2 √π sigma); half of alpha is
    what remains of it in pixels.
    """
    sigma = max(1.0, SMOOTHNESS * side)
    alpha = (most / 2) * side * 2 * sqrt(3) * 2 * sqrt(pi) * sigma
    return _transform("ElasticTransform", alpha=round(alpha, 2), sigma=round(sigma, 2))


def _transform(kind: str, *arguments: Any, **options: Any) -> str:
    values = tuple(each for each in arguments if not isinstance(each, str))
    more = [each for each in arguments if isinstance(each, str)]
    call = Call(f"v2.{kind}", values, tuple(options.items()))
    return called(call, *more, tail="),", depth=DEPTH)


def differences(augmentation: Augmentation) -> str:
    """Say in a comment what torchvision does otherwise."""
    said = []
    if augmentation.resamples:
        said.append("black comes in from outside, where Layerscope repeats the edge")
    if augmentation.shift:
        said.append("shifts are whole pixels")
    if augmentation.elastic or augmentation.noise:
        said.append("elastic and noise are as strong in all images")
    return _nearly(said)


def keras_layers(augmentation: Augmentation) -> list[str]:
    """Write Keras' layers for images (H, W, C) in 0..1, in the order of ours, below a comment that
    says what they do otherwise; nothing where augmentation is off.
    """
    if not augmentation.on:
        return []
    limits, nearest, unit = augmentation, {"fill_mode": "nearest"}, {"value_range": (0, 1)}
    found = [_keras_differences(augmentation)]
    if limits.crop:
        found.append(_layer("RandomZoom", (round(sqrt(1 - limits.crop) - 1, DIGITS), 0.0), nearest))
    if limits.shear:
        slope = round(tan(radians(limits.shear)), DIGITS)
        found.append(_layer("RandomShear", slope, nearest))
    if limits.rotate:
        found.append(_layer("RandomRotation", round(limits.rotate / 360, DIGITS), nearest))
    if limits.scale:
        found.append(_layer("RandomZoom", limits.scale, nearest))
    if limits.shift:
        found.append(_layer("RandomTranslation", limits.shift, limits.shift, nearest))
    if limits.elastic:
        scale = min(1.0, round(20 * limits.elastic, DIGITS))  # a rough likeness
        found.append(_layer("RandomElasticTransform", {"scale": (scale, scale)} | unit))
    if limits.erase:
        options = {"scale": (0.0, limits.erase), "fill_value": 0} | unit
        found.append(_layer("RandomErasing", options))
    if limits.noise:
        found.append(_layer("GaussianNoise", limits.noise / 2))
    return found


def _layer(kind: str, *arguments: Any) -> str:
    values = tuple(each for each in arguments if not isinstance(each, dict))
    options = [item for each in arguments if isinstance(each, dict) for item in each.items()]
    return called(Call(f"layers.{kind}", values, tuple(options)), tail="),", depth=DEPTH)


def _keras_differences(augmentation: Augmentation) -> str:
    said = []
    if augmentation.crop:
        said.append("crops are from the middle")
    if augmentation.shear:
        said.append("the shear leaves the upper edge where it is")
    if augmentation.elastic:
        said.append("the larger the elastic distance, the smoother")
    if augmentation.elastic or augmentation.noise:
        said.append("elastic and noise are as strong in all images")
    return _nearly(said, "Changes images while training only, ", DEPTH)


def _nearly(said: list[str], before: str = "", depth: int = 0) -> str:
    text = f"{before}nearly as in Layerscope: {'; '.join(said) or 'the draws are others'}."
    lines = wrap(text[0].upper() + text[1:], WIDTH - 2 - depth)
    return "\n".join(f"{' ' * depth}# {line}" for line in lines)
