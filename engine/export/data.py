"""A script's first part: its images as arrays, split into the same three sets as Layerscope's."""

from __future__ import annotations

import re
from functools import singledispatch
from typing import Literal

from engine.data.pictures import SUFFIXES
from engine.export.layout import Axes, IdxFiles, ImageFolders, LabelKind, Layout, NpzArrays
from engine.export.text import Paragraph, broken, listing, literal, paragraph
from engine.project.project import Project
from engine.project.sources import (
    BundledDigits,
    FashionMnist,
    FileSource,
    IdxFolder,
    ImageFolder,
    Kmnist,
    KnownSource,
    Mnist,
    NpzFile,
    Source,
)

Framework = Literal["pytorch", "keras"]


def data(project: Project, framework: Framework, layout: Layout | None = None) -> list[Paragraph]:
    """Write how the images come to be: `train_images`, `validation_images` and `test_images`,
    float32 in 0..1, with the labels of each, int64 (N,). PyTorch's are (N, C, H, W), Keras'
    (N, H, W, C).
    """
    source = project.data.source
    known = isinstance(source, KnownSource) and not numbered(source.class_names)
    named = [Paragraph(listing("CLASSES", source.class_names))] if known else []
    usual = isinstance(source, FileSource) and layout is None
    assumed = [Paragraph("# Your files are read as they are usually laid out and named.")]
    return [
        *(assumed if usual else []),
        *named,
        *_read(source, framework, layout),
        _validation(project),
    ]


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


def numbered(class_names: tuple[str, ...]) -> bool:
    """Whether the classes are called by their numbers, so that a script needs no names."""
    return class_names == tuple(map(str, range(len(class_names))))


@singledispatch
def _read(source: Source, framework: Framework, layout: Layout | None) -> list[Paragraph]:
    """Write how a source is read: `images` and `labels`, `test_images` and `test_labels`."""
    raise TypeError(f"no script is known for {type(source).__name__}")


@_read.register
def _digits(source: BundledDigits, framework: Framework, layout: Layout | None) -> list[Paragraph]:
    channel = "[:, None]" if framework == "pytorch" else "[..., None]"
    return [
        paragraph(
            """
            # 1,797 digits of 8x8 pixels that come with scikit-learn, as $axes in 0..1.
            digits = load_digits()
            pixels = (digits.images$channel / 16).astype(np.float32)
            """,
            channel=channel,
            axes="(N, 1, 8, 8)" if framework == "pytorch" else "(N, 8, 8, 1)",
        ),
        paragraph(
            """
            # $size of them are kept for the test: the same ones as in Layerscope.
            rows, test_rows = train_test_split(
                np.arange(len(pixels)),
                test_size=$size,
                stratify=digits.target,
                random_state=0,
            )
            rows, test_rows = np.sort(rows), np.sort(test_rows)
            images, labels = pixels[rows], digits.target[rows]
            test_images, test_labels = pixels[test_rows], digits.target[test_rows]
            """,
            size=literal(source.test_size),
        ),
    ]


@_read.register(Mnist)
@_read.register(FashionMnist)
@_read.register(Kmnist)
def _family(
    source: Mnist | FashionMnist | Kmnist, framework: Framework, layout: Layout | None
) -> list[Paragraph]:
    if framework == "pytorch":
        return _torchvisions({"Mnist": "MNIST", "FashionMnist": "FashionMNIST"}, source)
    if isinstance(source, Kmnist):
        return _kmnist()
    name = "mnist" if isinstance(source, Mnist) else "fashion_mnist"
    return [
        paragraph(
            """
            # $title: downloaded once, then read from ~/.keras/datasets.
            (images, labels), (test_images, test_labels) = keras.datasets.$name.load_data()
            images = images[..., None] / np.float32(255)  # (60000, 28, 28, 1) in 0..1
            test_images = test_images[..., None] / np.float32(255)
            """,
            title=source.title,
            name=name,
        )
    ]


def _torchvisions(names: dict[str, str], source: Source) -> list[Paragraph]:
    kind = type(source).__name__
    return [
        paragraph(
            '''
            def load(train):
                """Give the images, (N, 1, 28, 28) in 0..1, and their labels, (N,)."""
                files = datasets.$kind("data", train=train, download=True)
                return files.data.unsqueeze(1).numpy() / np.float32(255), files.targets.numpy()
            ''',
            kind=names.get(kind, kind.upper()),
        ),
        paragraph(
            """
            images, labels = load(train=True)
            test_images, test_labels = load(train=False)
            """
        ),
    ]


def _kmnist() -> list[Paragraph]:
    return [
        paragraph(
            '''
            def load(part):
                """Download one of KMNIST's four arrays, once, to ~/.keras/datasets."""
                name = f"kmnist-{part}.npz"
                url = f"https://codh.rois.ac.jp/kmnist/dataset/kmnist/{name}"
                return np.load(keras.utils.get_file(name, url))["arr_0"]
            '''
        ),
        paragraph(
            """
            images = load("train-imgs")[..., None] / np.float32(255)  # (60000, 28, 28, 1)
            test_images = load("test-imgs")[..., None] / np.float32(255)
            labels, test_labels = load("train-labels"), load("test-labels")
            """
        ),
    ]


@_read.register
def _idx(source: IdxFolder, framework: Framework, layout: Layout | None) -> list[Paragraph]:
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
                with $opened as file:
                    axes = file.read(4)[3]
                    shape = np.frombuffer(file.read(4 * axes), ">i4")
                    return np.frombuffer(file.read(), np.uint8).reshape(shape)
            ''',
            opened=_opened(files),
        ),
        *_named(source),
        Paragraph(read),
        *([] if "test_" in parts else [_sixth(source.class_names)]),
        _scale_bytes(),
    ]


def _opened(files: IdxFiles) -> str:
    """Write how a file is opened, by what it is and not by what its name says."""
    if not files.packed:
        return 'path.open("rb")'
    if set(files.packed) == set(files.names):
        return "gzip.open(path)"
    packed = 'path.suffix == ".gz"'
    if {name for name in files.names if name.endswith(".gz")} != set(files.packed):
        packed = 'path.read_bytes()[:2] == b"\\x1f\\x8b"'
    return f'(gzip.open if {packed} else open)(path, "rb")'


@_read.register
def _npz(source: NpzFile, framework: Framework, layout: Layout | None) -> list[Paragraph]:
    arrays = layout if isinstance(layout, NpzArrays) else _usual_arrays(source)
    parts = {"": (arrays.images, arrays.labels)}
    if arrays.test_images:
        parts["test_"] = (arrays.test_images, arrays.test_labels)
    read = "\n".join(
        f"    {prefix}images = archive[{literal(images)}]{_to_axes(arrays.axes, framework)}\n"
        f"    {prefix}labels = "
        f"{_labels(source, f'archive[{literal(labels)}]', arrays.label_kind)}"
        for prefix, (images, labels) in parts.items()
    )
    return [
        *_named(source),
        Paragraph(f"with np.load({literal(source.path)}) as archive:\n{read}"),
        *([] if "test_" in parts else [_sixth(source.class_names)]),
        _scale_bytes() if arrays.bytes else _scale_numbers(),
    ]


def _usual_arrays(source: NpzFile) -> NpzArrays:
    whole = all(re.fullmatch("-?[0-9]+", name) for name in source.class_names)
    return NpzArrays(label_kind="numbers" if whole else "text")


def _to_axes(axes: Axes, framework: Framework) -> str:
    """Write how an array's axes become the framework's."""
    if axes == "NHW":
        return "[:, None]" if framework == "pytorch" else "[..., None]"
    if axes == "NHWC":
        return ".transpose(0, 3, 1, 2)" if framework == "pytorch" else ""
    return "" if framework == "pytorch" else ".transpose(0, 2, 3, 1)"


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


@_read.register
def _pictures(source: ImageFolder, framework: Framework, layout: Layout | None) -> list[Paragraph]:
    folders = layout if isinstance(layout, ImageFolders) else ImageFolders()
    channels, height, width = source.input_shape
    read = broken("images, labels = load(", [_folder(name) for name in folders.train])
    if folders.test:
        read += f"\ntest_images, test_labels = load({_folder(folders.test)})"
    return [
        Paragraph(f"FOLDER = Path({literal(source.path)})"),
        Paragraph(listing("CLASSES", source.class_names)),
        Paragraph(listing("SUFFIXES", sorted(SUFFIXES))),
        paragraph(
            '''
            def by_name(file):
                """Order file names as people do: 2 before 10."""
                parts = re.split("([0-9]+)", str(file).lower())
                return [int(part) if part.isdecimal() else part for part in parts]
            '''
        ),
        paragraph(
            '''
            def read(file):
                """Read a picture: upright, on white where it is transparent, of one size."""
                picture = Image.open(file)
                picture.draft($mode, ($side, $side))  # large JPEGs are decoded small at once
                picture = ImageOps.exif_transpose(picture)
                if picture.has_transparency_data:
                    white = Image.new("RGBA", picture.size, "white")
                    picture = Image.alpha_composite(white, picture.convert("RGBA"))
                picture = picture.convert($mode)
                return np.asarray(picture.resize(($width, $height), Image.Resampling.BILINEAR))
            ''',
            mode=literal("L" if channels == 1 else "RGB"),
            side=literal(2 * max(height, width)),
            width=literal(width),
            height=literal(height),
        ),
        paragraph(
            '''
            def load(*folders):
                """Read folders that hold one subfolder a class: images in 0..1, labels (N,)."""
                images, labels = [], []
                for label, name in enumerate(CLASSES):
                    for folder in folders:
                        for file in sorted((folder / name).rglob("*.*"), key=by_name):
                            hidden = file.name.startswith(".")
                            if file.suffix.lower() in SUFFIXES and not hidden:
                                $append
                                labels.append(label)
                return np.stack(images)$axes / np.float32(255), np.array(labels)
            ''',
            append=_append(folders),
            axes=_to_axes("NHW" if channels == 1 else "NHWC", framework),
        ),
        Paragraph(read),
        *([] if folders.test else [_sixth(source.class_names)]),
    ]


def _append(folders: ImageFolders) -> str:
    """Write how a picture is put to the others; a broken one is left out where there are such."""
    if not folders.broken:
        return "images.append(read(file))"
    lines = (
        "try:",
        "    images.append(read(file))",
        "except (OSError, SyntaxError):  # what Pillow says of a broken picture",
        "    continue",
    )
    return f"\n{' ' * 20}".join(lines)


def _folder(name: str) -> str:
    return f"FOLDER / {literal(name)}" if name else "FOLDER"


def _sixth(class_names: tuple[str, ...]) -> Paragraph:
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


def _validation(project: Project) -> Paragraph:
    return paragraph(
        """
        # $percent % are kept aside to measure on while training, every class in its proportion.
        # Layerscope makes the same call, so these are the same images.
        train_images, validation_images, train_labels, validation_labels = train_test_split(
            images, labels, test_size=$share, stratify=labels, random_state=SEED
        )
        """,
        percent=f"{100 * project.data.validation:.3g}",
        share=literal(project.data.validation),
    )
