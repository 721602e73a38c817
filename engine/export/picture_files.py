"""How a script reads a person's own pictures, as engine.data.pictures does."""

from __future__ import annotations

from engine.data.pictures import SUFFIXES
from engine.export.layout import ImageFolders, Layout
from engine.export.sets import Framework, sixth, to_axes
from engine.export.text import Paragraph, broken, listing, literal, paragraph
from engine.project.sources import ImageFolder


def pictures(source: ImageFolder, framework: Framework, layout: Layout | None) -> list[Paragraph]:
    """Write how a folder of pictures is read: a subfolder a class."""
    folders = layout if isinstance(layout, ImageFolders) else ImageFolders()
    channels, height, width = source.input_shape
    read = broken("images, labels = load(", [_folder(name) for name in folders.train])
    if folders.test:
        read += f"\ntest_images, test_labels = load({_folder(folders.test)})"
    return [
        Paragraph(f"FOLDER = Path({literal(source.path)})"),
        Paragraph(listing("CLASSES", source.class_names)),
        Paragraph(listing("SUFFIXES", folders.suffixes or sorted(SUFFIXES))),
        paragraph(
            '''
            def by_name(file):
                """Order file names as people do: 2 before 10."""
                parts = re.split("([0-9]+)", str(file).lower())
                parts[1::2] = map(int, parts[1::2])
                return parts, str(file)
            '''
        ),
        *_to_bytes(folders),
        paragraph(
            '''
            def read(file):
                """Read a picture: upright, on white where it is transparent, of one size."""
                with Image.open(file) as stored:
                    stored.draft($mode, ($side, $side))  # large JPEGs are decoded small at once
                    picture = ImageOps.exif_transpose(stored)
            $deep    if picture.has_transparency_data:
                    white = Image.new("RGBA", picture.size, "white")
                    picture = Image.alpha_composite(white, picture.convert("RGBA"))
                picture = picture.convert($mode)
                return np.asarray(picture.resize(($width, $height), Image.Resampling.BILINEAR))
            ''',
            mode=literal("L" if channels == 1 else "RGB"),
            side=literal(2 * max(height, width)),
            width=literal(width),
            height=literal(height),
            deep=_deep(folders),
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
            axes=to_axes("NHW" if channels == 1 else "NHWC", framework),
        ),
        Paragraph(read),
        *([] if folders.test else [sixth(source.class_names)]),
    ]


def _deep(folders: ImageFolders) -> str:
    """Write how grey of more than 8 bits is brought to them, in one line where it is of 16 bits."""
    if not folders.deep:
        return ""
    if _sixteen_bits(folders):
        lines = (
            'if picture.mode.startswith("I;16"):  # 16 bits become 8: 65535 is 255 * 257',
            "    picture = Image.fromarray((np.asarray(picture) // 257).astype(np.uint8))",
        )
    else:
        lines = (
            f"if picture.mode in {literal(folders.deep)}:",
            "    picture = to_bytes(picture)",
        )
    return "".join(f"    {line}\n" for line in lines)


def _to_bytes(folders: ImageFolders) -> list[Paragraph]:
    """Write engine.data.pictures' own way to 8 bits for numbers whose range is to be found."""
    if not folders.deep or _sixteen_bits(folders):
        return []
    return [
        paragraph(
            '''
            def to_bytes(picture):
                """Bring grey of more than 8 bits to 0..255, by the range that its values are in."""
                values = np.nan_to_num(np.asarray(picture).astype(np.float32))
                if picture.mode == "F" and values.max() <= 1:
                    values *= 255
                elif picture.mode.startswith("I;16") or values.max() > 255:
                    values /= 257
                return Image.fromarray(values.clip(0, 255).astype(np.uint8))
            '''
        )
    ]


def _sixteen_bits(folders: ImageFolders) -> bool:
    return all(mode.startswith("I;16") for mode in folders.deep)


def _append(folders: ImageFolders) -> str:
    """Write how a picture is put to the others; a broken one is left out where there are such."""
    if not folders.broken:
        return "images.append(read(file))"
    lines = (
        "try:",
        "    images.append(read(file))",
        "except Exception:  # Pillow raises almost anything on a broken one",
        "    continue",
    )
    return f"\n{' ' * 20}".join(lines)


def _folder(name: str) -> str:
    return f"FOLDER / {literal(name)}" if name else "FOLDER"
