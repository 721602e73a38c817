"""What the scripts of all kinds of sources share: the axes, the classes' names, the test set."""

from __future__ import annotations

from typing import Literal

from engine.export.layout import Axes
from engine.export.text import Paragraph, literal, paragraph

Framework = Literal["pytorch", "keras"]


def numbered(class_names: tuple[str, ...]) -> bool:
    """Whether the classes are called by their numbers, so that a script needs no names."""
    return class_names == tuple(map(str, range(len(class_names))))


def to_axes(axes: Axes, framework: Framework) -> str:
    """Write how an array's axes become the framework's."""
    if axes == "NHW":
        return "[:, None]" if framework == "pytorch" else "[..., None]"
    if axes == "NHWC":
        return ".transpose(0, 3, 1, 2)" if framework == "pytorch" else ""
    return "" if framework == "pytorch" else ".transpose(0, 2, 3, 1)"


def sixth(class_names: tuple[str, ...]) -> Paragraph:
    """Write Layerscope's own draw of a test set, engine.data.splitting.test_rows."""
    return paragraph(
        """
        # A sixth of each class is kept for the test: the same images as in Layerscope.
        rng = np.random.default_rng(0)
        test_rows = []
        for label in range($classes):
            rows = np.flatnonzero(labels == label)
            count = max(1, round(len(rows) / 6))
            test_rows.extend(rng.choice(rows, size=count, replace=False))
        test_images, test_labels = images[test_rows], labels[test_rows]
        images, labels = np.delete(images, test_rows, axis=0), np.delete(labels, test_rows)
        """,
        classes=literal(len(class_names)),
    )
