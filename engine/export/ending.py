"""A script's last part: which images the network gets wrong, counted and drawn."""

from __future__ import annotations

from engine.export.sets import Framework, numbered
from engine.export.text import Paragraph, paragraph
from engine.project.project import Project

DRAWING = "# 5. The mistakes"
"""The heading of what needs matplotlib and a screen."""


def mistakes(project: Project, framework: Framework) -> list[Paragraph]:
    """Write the confusion matrix of `predicted`, and a drawing of the first images in the wrong."""
    return [
        Paragraph(DRAWING),
        paragraph(
            """
            # Rows are the true classes, columns the predicted ones.
            print(confusion_matrix(test_labels, predicted))
            wrong = np.flatnonzero(predicted != test_labels)
            print(f"{len(wrong)} of {len(test_labels)} test images are wrong")
            """
        ),
        paragraph(
            """
            # The first of them, as true → predicted.
            figure, axes = plt.subplots(5, 8, figsize=(10, 7), layout="constrained")
            for axis in axes.flat:
                axis.axis("off")
            for axis, index in zip(axes.flat, wrong):
                true, guess = $true, $guess
                axis.imshow($image)
                axis.set_title(f"{true} → {guess}"$plain)
            plt.show()
            """,
            true=_name("test_labels[index]", project),
            guess=_name("predicted[index]", project),
            image=_image(project, framework),
            plain=_plain(project),
        ),
    ]


def _name(label: str, project: Project) -> str:
    return label if numbered(project.data.source.class_names) else f"CLASSES[{label}]"


def _image(project: Project, framework: Framework) -> str:
    if project.input_shape[0] == 1:
        return 'test_images[index].squeeze(), cmap="gray", vmin=0, vmax=1'
    axes = ".transpose(1, 2, 0)" if framework == "pytorch" else ""
    return f"test_images[index]{axes}"


def _plain(project: Project) -> str:
    """Keep matplotlib from reading a name that holds dollars as a formula."""
    dollars = any("$" in name for name in project.data.source.class_names)
    return ", parse_math=False" if dollars else ""
