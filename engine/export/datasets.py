"""A PyTorch script's arrays become datasets: standardised and augmented where asked for."""

from __future__ import annotations

from engine.export.augment import differences, transforms
from engine.export.text import Paragraph, broken, paragraph
from engine.project.checks import train_count
from engine.project.layers import BatchNorm
from engine.project.project import Project, walk


def datasets(project: Project) -> list[Paragraph]:
    """Write `train_set`, `validation_set`, `test_set`, and `train_loader` for the batches."""
    augmented = project.training.augmentation.on
    return [
        *_standardise(project),
        _dataset(project),
        *([_augment(project), _augmented()] if augmented else []),
        paragraph(
            """
            train_set = $train(train_images, train_labels)
            validation_set = dataset(validation_images, validation_labels)
            test_set = dataset(test_images, test_labels)
            $loader
            """,
            train="Augmented" if augmented else "dataset",
            loader=_loader(project),
        ),
    ]


def _loader(project: Project) -> str:
    arguments = ["train_set", "batch_size=BATCH_SIZE", "shuffle=True"]
    normalises = any(isinstance(layer, BatchNorm) for layer in walk(project.layers))
    if not (normalises and train_count(project) % project.training.batch_size == 1):
        return broken("train_loader = DataLoader(", arguments)
    text = broken("train_loader = DataLoader(", [*arguments, "drop_last=True"])
    return f"# The last batch would be one image, which can't be normalised by itself.\n{text}"


def _standardise(project: Project) -> list[Paragraph]:
    if not project.data.standardise:
        return []
    return [
        paragraph(
            """
            # Each channel is brought to mean 0 and deviation 1, as measured on the training set.
            standardise = v2.Normalize(
                mean=train_images.mean(axis=(0, 2, 3), dtype=np.float64).tolist(),
                std=train_images.std(axis=(0, 2, 3), dtype=np.float64).tolist(),
            )
            """
        )
    ]


def _dataset(project: Project) -> Paragraph:
    if not project.data.standardise:
        return paragraph(
            '''
            def dataset(images, labels):
                """Pair images with their labels, as tensors."""
                return TensorDataset(torch.from_numpy(images), torch.from_numpy(labels))
            '''
        )
    return paragraph(
        '''
        def dataset(images, labels):
            """Pair standardised images with their labels, as tensors."""
            images = standardise(torch.from_numpy(images))
            return TensorDataset(images, torch.from_numpy(labels))
        '''
    )


def _augment(project: Project) -> Paragraph:
    """Write torchvision's transforms that come nearest to ours."""
    augmentation = project.training.augmentation
    rows = transforms(augmentation, project.input_shape)
    if project.data.standardise:
        rows.append("        standardise,")
    return paragraph(
        """
        # Every training image is changed a little, anew each time it is seen.
        $differences
        augment = v2.Compose(
            [
        $rows
            ]
        )
        """,
        rows="\n".join(rows),
        differences=differences(augmentation),
    )


def _augmented() -> Paragraph:
    return paragraph(
        '''
        class Augmented(Dataset):
            """Training images and their labels."""

            def __init__(self, images, labels):
                self.images = torch.from_numpy(images)
                self.labels = torch.from_numpy(labels)

            def __len__(self):
                return len(self.labels)

            def __getitem__(self, index):
                return augment(self.images[index]), self.labels[index]
        '''
    )
