"""How training images are changed at random each time they are seen, so that none is learned by
heart.
"""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
)

WRITTEN_IF_USED = ("crop", "elastic", "erase", "noise")
"""Fields that the first project files don't have. Left out while they are off, they leave those
files as they are.
"""


def limit(most: float, step: float, title: str, description: str) -> Any:
    """Declare how far a change may go, at most; 0 leaves it out. A slider goes in such steps."""
    return Field(
        0.0,
        ge=0,
        le=most,
        allow_inf_nan=False,
        title=title,
        description=description,
        json_schema_extra={"step": step},
    )


class Augmentation(BaseModel):
    """The limits of the random changes: each image gets its own, anything within ± the limit, or
    from none to the limit where there are no two ways to go.

    Only training images are changed, never those of validation or test.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    help: ClassVar[str] = (
        "Changes each training image at random, each time it is seen, so that the network learns "
        "no image by heart. Images of validation and test stay as they are."
    )

    shift: float = limit(
        0.5,
        0.01,
        "Shift",
        "How far each training image may be shifted, at most, as a share of its width and height: "
        "0.1 moves 28 pixels by up to 2.8. 0 is off.",
    )
    rotate: float = limit(
        180.0,
        1,
        "Rotate (°)",
        "How far each training image may be turned either way, at most. 0 is off.",
    )
    scale: float = limit(
        0.5,
        0.01,
        "Scale",
        "How much each training image may shrink or grow, at most: 0.1 is a tenth. 0 is off.",
    )
    shear: float = limit(
        45.0,
        1,
        "Shear (°)",
        "How far each training image may be slanted to either side, at most. 0 is off.",
    )
    crop: float = limit(
        0.9,
        0.01,
        "Crop",
        "How much of each training image may be cut away, at most, as a share of its area: the "
        "rest, from a random place, is enlarged to the full size. 0 is off.",
    )
    elastic: float = limit(
        0.25,
        0.005,
        "Elastic",
        "How far a training image's parts may be pulled about, each its own way, as handwriting "
        "varies: the usual distance, at most, as a share of the shorter side. 0.05 moves 28 pixels "
        "by about 1.4. 0 is off.",
    )
    erase: float = limit(
        0.5,
        0.01,
        "Erase",
        "How large a rectangle of each training image may be made black, at most, as a share of "
        "its area. 0 is off.",
    )
    noise: float = limit(
        0.5,
        0.01,
        "Noise",
        "How much each training image's pixels may be changed at random, at most: the standard "
        "deviation, as a share of the way from black to white. 0 is off.",
    )

    @property
    def on(self) -> bool:
        """Whether anything is changed at all."""
        return self.resamples or any((self.erase, self.noise))

    @property
    def resamples(self) -> bool:
        """Whether pixels change their places, so that the images are resampled."""
        return any((self.shift, self.rotate, self.scale, self.shear, self.crop, self.elastic))

    @model_serializer(mode="wrap")
    def _write(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        content: dict[str, Any] = write(self)
        return {
            name: value for name, value in content.items() if value or name not in WRITTEN_IF_USED
        }
