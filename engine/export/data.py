"""A script's first part: its images as arrays, split into the same three sets as Layerscope's."""

from __future__ import annotations

from engine.export.array_files import idx_files, npz_arrays
from engine.export.known_data import bundled_digits, family
from engine.export.layout import Layout
from engine.export.picture_files import pictures
from engine.export.sets import Framework, numbered
from engine.export.text import Paragraph, listing, literal, paragraph
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


def _read(source: Source, framework: Framework, layout: Layout | None) -> list[Paragraph]:
    """Write how a source is read: `images` and `labels`, `test_images` and `test_labels`."""
    match source:
        case BundledDigits():
            return bundled_digits(source, framework)
        case Mnist() | FashionMnist() | Kmnist():
            return family(source, framework)
        case IdxFolder():
            return idx_files(source, framework, layout)
        case NpzFile():
            return npz_arrays(source, framework, layout)
        case ImageFolder():
            return pictures(source, framework, layout)
    raise TypeError(f"no script is known for {type(source).__name__}")


def _validation(project: Project) -> Paragraph:
    """Write the very call by which Layerscope draws its validation images."""
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
