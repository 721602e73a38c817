"""What a run's files of weights tell beside the tensors, heard from its events."""

from __future__ import annotations

from engine.project.project import Project
from engine.store.weights import About, Preparation, metadata
from engine.training.events import DataReady, EpochDone, Event, Finished, Weights
from engine.training.preparation import preparation_of


class WeightsFiles:
    """Listens to a training, so that its weights can travel with all that is known of them."""

    def __init__(self, project: Project, run: str) -> None:
        self._project, self.run = project, run
        self._preparation: Preparation | None = None
        self._epoch: EpochDone | None = None
        self._validated: dict[str, float | None] = {}
        self._test_accuracy: float | None = None
        self._last: Weights | None = None

    @property
    def tested(self) -> Weights | None:
        """The last weights, once it is known how they do on the test set."""
        return self._last if self._test_accuracy is not None else None

    def hear(self, event: Event) -> None:
        """Take in what an event tells of weights."""
        match event:
            case DataReady(dataset=dataset):
                self._preparation = preparation_of(dataset)
            case EpochDone():
                self._epoch = event
            case Weights():
                self._validated[event.kind] = self._validation_of(event)
                self._last = event if event.kind == "last" else None
            case Finished(test_accuracy=accuracy):
                self._test_accuracy = accuracy

    def metadata(self, event: Weights) -> dict[str, str]:
        """Describe weights for their file."""
        about = About(
            weights=event.kind,
            run=self.run,
            step=event.step,
            epoch=event.epoch,
            validation_accuracy=self._validated.get(event.kind),
            test_accuracy=self._test_accuracy if event.kind == "last" else None,
            preparation=self._preparation,
        )
        return metadata(self._project, about)

    def _validation_of(self, event: Weights) -> float | None:
        """Give the validation accuracy of these very weights, if they were judged: not those of
        the middle of an epoch, nor those that early stopping has put back.
        """
        stopping = self._project.training.early_stopping
        restored = event.kind == "last" and stopping.on and stopping.restore_best
        if self._epoch is None or self._epoch.step != event.step or restored:
            return None
        return self._epoch.validation_accuracy
