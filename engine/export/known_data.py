"""How a script comes by a public dataset: by the framework's own means where it has any."""

from __future__ import annotations

from engine.export.sets import Framework
from engine.export.text import Paragraph, literal, paragraph
from engine.project.sources import BundledDigits, FashionMnist, Kmnist, Mnist, Source


def bundled_digits(source: BundledDigits, framework: Framework) -> list[Paragraph]:
    """Write how scikit-learn's digits are loaded, and its test set drawn."""
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


def family(source: Mnist | FashionMnist | Kmnist, framework: Framework) -> list[Paragraph]:
    """Write how MNIST or one of its likes is downloaded and read."""
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
