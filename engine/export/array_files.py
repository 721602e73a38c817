"""How a script reads a person's own arrays: IDX files, or a NumPy archive."""

from __future__ import annotations

import re

from engine.export.layout import IdxFiles, LabelKind, Layout, NpzArrays
from engine.export.sets import Framework, numbered, sixth, to_axes
from engine.export.text import Paragraph, listing, literal, paragraph
from engine.project.sources import IdxFolder, NpzFile


def idx_files(source: IdxFolder, framework: Framework, layout: Layout | None) -> list[Paragraph]:
    """Write how files in MNIST's format are read."""
    files = layout if isinstance(layout, IdxFiles) else IdxFiles()
    parts = {"": (files.images, files.labels)}
    if files.test_images:
        parts["test_"] = (files.test_images, files.test_labels)
    channel = "[:, None]" if framework == "pytorch" else "[..., None]"
    read = "\n".join(
        f"{prefix}images = read_idx(FOLDER / {literal(images)}){channel}\n"
        f"{prefix}labels = {_labels(source, f'read_idx(FOLDER / {literal(labels)})', 'numbers')}"
        for prefix, (images, labels) in parts.items()
    )
    return [
        Paragraph(f"FOLDER = Path({literal(source.path)})"),
        paragraph(
            '''
            def read_idx(path):
                """Read MNIST's format: the number of axes, their lengths, then the values."""
            $opened
                    axes = file.read(4)[3]
                    shape = np.frombuffer(file.read(4 * axes), ">i4")
                    return np.frombuffer(file.read(), np.uint8).reshape(shape)
            ''',
            opened=_opened(files),
        ),
        *_named(source),
        Paragraph(read),
        *([] if "test_" in parts else [sixth(source.class_names)]),
        _scale_bytes(),
    ]


def _opened(files: IdxFiles) -> str:
    """Write how a file is opened, by what it is and not by what its name says."""
    if not files.packed:
        return '    with path.open("rb") as file:'
    if set(files.packed) == set(files.names):
        return "    with gzip.open(path) as file:"
    if {name for name in files.names if name.endswith(".gz")} == set(files.packed):
        return '    with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:'
    return (
        '    packed = path.read_bytes()[:2] == b"\\x1f\\x8b"  # gzip, whatever its name says\n'
        '    with (gzip.open if packed else open)(path, "rb") as file:'
    )


def npz_arrays(source: NpzFile, framework: Framework, layout: Layout | None) -> list[Paragraph]:
    """Write how the arrays of a NumPy archive are read."""
    arrays = layout if isinstance(layout, NpzArrays) else _usual_arrays(source)
    parts = {"": (arrays.images, arrays.labels)}
    if arrays.test_images:
        parts["test_"] = (arrays.test_images, arrays.test_labels)
    read = "\n".join(
        f"    {prefix}images = archive[{literal(images)}]{to_axes(arrays.axes, framework)}\n"
        f"    {prefix}labels = "
        f"{_labels(source, f'archive[{literal(labels)}]', arrays.label_kind)}"
        for prefix, (images, labels) in parts.items()
    )
    return [
        *_named(source),
        Paragraph(f"with np.load({literal(source.path)}) as archive:\n{read}"),
        *([] if "test_" in parts else [sixth(source.class_names)]),
        _scale_bytes() if arrays.bytes else _scale_numbers(),
    ]


def _usual_arrays(source: NpzFile) -> NpzArrays:
    whole = all(re.fullmatch("-?[0-9]+", name) for name in source.class_names)
    return NpzArrays(label_kind="numbers" if whole else "text")


def _scale_bytes() -> Paragraph:
    return paragraph(
        """
        images = images / np.float32(255)
        test_images = test_images / np.float32(255)
        """
    )


def _scale_numbers() -> Paragraph:
    return paragraph(
        """
        # All images are brought to 0..1 by what the training images hold.
        images, test_images = images.astype(np.float32), test_images.astype(np.float32)
        low, high = images.min(), images.max()
        if low < 0 or high > 1:
            images = (images - low) / (high - low)
            test_images = (test_images - low) / (high - low)
        test_images = test_images.clip(0, 1)
        """
    )


def _labels(source: IdxFolder | NpzFile, values: str, kind: LabelKind) -> str:
    """Write how labels become numbers from 0, in the classes' order."""
    if numbered(source.class_names):
        flat = ".argmax(axis=1)" if kind == "one-hot" else _raveled(source)
        return f"{values}{flat}.astype(np.int64)"
    match kind:
        case "one-hot":
            return f"numbers({values}.argmax(axis=1))"
        case "numbers":
            return f"numbers({values}{_raveled(source)}.astype(np.int64))"
        case "text":
            return f"numbers({values}.ravel())"
        case "encoded":
            return f'numbers(np.char.decode({values}.ravel(), "utf-8"))'


def _raveled(source: IdxFolder | NpzFile) -> str:
    """Write that a column of labels becomes a row; an IDX file holds a row."""
    return ".ravel()" if isinstance(source, NpzFile) else ""


def _named(source: IdxFolder | NpzFile) -> list[Paragraph]:
    """Write the classes' names and how labels become numbers, where they are not such already."""
    if numbered(source.class_names):
        return []
    return [
        Paragraph(listing("CLASSES", source.class_names)),
        paragraph(
            '''
            def numbers(names):
                """Give the classes' numbers by their names."""
                return np.array([CLASSES.index(str(name)) for name in names])
            '''
        ),
    ]
