"""How training images are changed at random each time they are seen, so that none is learned by
heart.
"""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field


def limit(most: float, title: str, description: str) -> Any:
    """Declare how far a change may go, at most; 0 leaves it out."""
    return Field(0.0, ge=0, le=most, allow_inf_nan=False, title=title, description=description)


class Augmentation(BaseModel):
    """The limits of the random changes: each image gets its own, anything within ± the limit.

    Only training images are changed, never those of validation or test.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    help: ClassVar[str] = (
        "Changes each training image at random, each time it is seen, so that the network learns "
        "no image by heart. Images of validation and test stay as they are."
    )

    shift: float = limit(
        0.5,
        "Shift",
        "How far each training image may be shifted, at most, as a share of its width and height: "
        "0.1 moves 28 pixels by up to 2.8. 0 is off.",
    )
    rotate: float = limit(
        180.0,
        "Rotate (°)",
        "How far each training image may be turned either way, at most. 0 is off.",
    )
    scale: float = limit(
        0.5,
        "Scale",
        "How much each training image may shrink or grow, at most: 0.1 is a tenth. 0 is off.",
    )
    shear: float = limit(
        45.0,
        "Shear (°)",
        "How far each training image may be slanted to either side, at most. 0 is off.",
    )

    @property
    def on(self) -> bool:
        """Whether anything is changed at all."""
        return any((self.shift, self.rotate, self.scale, self.shear))
