"""Where the boxes and wires of a drawn network stand. Pure arithmetic, in pixels at full size.

The network runs from top to bottom along a spine. A part of it is laid out by itself, at the
origin, and shifted to where it belongs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from engine.problems import shown
from engine.project.layers import ACTIVATION_TITLES, Parallel, Residual, Shape, Traced
from engine.project.project import Project

BOX = 178.0, 46.0  # of a layer
SMALL = 74.0, 24.0  # of a shortcut's projection
JOINT = 22.0  # across
JOINED = 92.0  # width of a joint that has words
GAP = 26.0  # between two boxes: room for a wire and the shape beside it
APART = 16.0  # between branches
EDGE = 20.0  # within a block's frame
HEADER = 22.0  # of a block's frame
MARGIN = 18.0  # around everything

Kind = Literal["input", "layer", "output", "joint", "shortcut"]
Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A layer, or what joins branches. `layer` names the layer that a click selects."""

    x: float
    y: float
    width: float
    height: float
    kind: Kind
    title: str
    detail: str = ""
    group: str = ""
    layer: str = ""
    wrong: bool = False

    def holds(self, point: Point) -> bool:
        """Tell whether a point lies in it."""
        x, y = point
        return self.x <= x <= self.x + self.width and self.y <= y <= self.y + self.height


@dataclass(frozen=True)
class Frame(Box):
    """What surrounds the layers of a block."""


@dataclass(frozen=True)
class Wire:
    """A line by its corners, with the shape of what it carries beside its beginning."""

    points: tuple[Point, ...]
    shape: str = ""
    arrow: bool = True


@dataclass(frozen=True)
class Figure:
    """A drawn network, or a part of one; `spine` is where its wire comes in and goes out."""

    width: float
    height: float
    spine: float
    frames: tuple[Frame, ...] = ()
    boxes: tuple[Box, ...] = ()
    wires: tuple[Wire, ...] = ()

    def shifted(self, dx: float, dy: float) -> Figure:
        """Give it somewhere else; its own size stays."""
        return replace(
            self,
            spine=self.spine + dx,
            frames=tuple(replace(each, x=each.x + dx, y=each.y + dy) for each in self.frames),
            boxes=tuple(replace(each, x=each.x + dx, y=each.y + dy) for each in self.boxes),
            wires=tuple(
                replace(each, points=tuple((x + dx, y + dy) for x, y in each.points))
                for each in self.wires
            ),
        )

    def layer_at(self, point: Point) -> str:
        """Find the layer at a point, the innermost; "" where there is none."""
        for box in (*self.boxes, *reversed(self.frames)):
            if box.layer and box.holds(point):
                return box.layer
        return ""


def figure(project: Project, wrong: Iterable[str] = ()) -> Figure:
    """Lay a project's network out; `wrong` names the layers that have a problem."""
    laid_out = _Layout(frozenset(wrong))
    source = project.data.source.title
    first = laid_out.box("input", source, shown(project.input_shape))
    parts = [first, *(laid_out.part(row) for row in project.traced)]
    shapes = [project.input_shape, *(row.output_shape for row in project.traced)]
    whole = _column(parts, shapes).shifted(MARGIN, MARGIN)
    return replace(whole, width=whole.width + 2 * MARGIN, height=whole.height + 2 * MARGIN)


@dataclass
class _Layout:
    wrong: frozenset[str] = field(default_factory=frozenset)

    def part(self, row: Traced) -> Figure:
        match row.layer:
            case Residual():
                return self._residual(row)
            case Parallel():
                return self._parallel(row)
        return self._layer(row)

    def box(self, kind: Kind, title: str, detail: str, **about: str) -> Figure:
        width, height = BOX
        wrong = about.get("layer", "") in self.wrong
        made = Box(0, 0, width, height, kind, title, detail, **about, wrong=wrong)
        return Figure(width, height, width / 2, boxes=(made,))

    def _layer(self, row: Traced) -> Figure:
        layer = row.layer
        kind: Kind = "output" if layer.name == "output" else "layer"
        return self.box(kind, layer.title, layer.summary(), group=layer.group, layer=layer.name)

    def _branch(self, rows: Sequence[Traced], shape: Shape | None) -> Figure:
        shapes = [row.output_shape for row in rows]
        return _column([self.part(row) for row in rows], shapes)

    def _residual(self, row: Traced) -> Figure:
        assert isinstance(row.layer, Residual)
        body = self._branch(row.inner[0], row.input_shape)
        projected = row.input_shape != row.output_shape and row.output_shape is not None
        body = body.shifted(EDGE, HEADER + GAP)
        split = HEADER + GAP / 2
        joint_top = HEADER + GAP + body.height + GAP
        middle = joint_top + JOINT / 2
        beside = EDGE + body.width + APART + (SMALL[0] / 2 if projected else 0)
        joint = _joint(body.spine, joint_top, "+", row.layer.name)
        down = ((body.spine, joint_top - GAP), (body.spine, joint_top))
        skip = (
            (body.spine, split),
            (beside, split),
            (beside, middle),
            (body.spine + JOINT / 2, middle),
        )
        boxes = [*body.boxes, joint]
        if projected:
            boxes.append(_projection(beside, (split + middle) / 2, row))
        width = beside + (SMALL[0] / 2 if projected else 0) + EDGE
        wires = [
            *body.wires,
            Wire(((body.spine, HEADER), (body.spine, HEADER + GAP)), arrow=bool(row.inner[0])),
            Wire(down, _shape(row.inner[0][-1].output_shape if row.inner[0] else None)),
            Wire(skip),
        ]
        said = ACTIVATION_TITLES[row.layer.activation] if row.layer.activation != "none" else ""
        part = Figure(width, joint_top + JOINT + EDGE, body.spine, body.frames, tuple(boxes))
        return self._framed(row, replace(part, wires=tuple(wires)), joint_top + JOINT, said)

    def _parallel(self, row: Traced) -> Figure:
        assert isinstance(row.layer, Parallel)
        branches = [self._branch(branch, row.input_shape) for branch in row.inner]
        tallest = max(branch.height for branch in branches)
        top, split = HEADER + GAP, HEADER + GAP / 2
        joint_top = top + tallest + GAP + GAP / 2
        left, placed = EDGE, []
        for branch in branches:
            placed.append(branch.shifted(left, top))
            left += branch.width + APART
        width = left - APART + EDGE
        spine = (placed[0].spine + placed[-1].spine) / 2
        words = "+" if row.layer.join == "add" else "concatenate"
        wires = [Wire(((spine, HEADER), (spine, split)), arrow=False)]
        for branch, rows in zip(placed, row.inner, strict=True):
            bottom = top + branch.height
            down = joint_top - GAP / 2
            wires.append(
                Wire(((spine, split), (branch.spine, split), (branch.spine, top)), arrow=bool(rows))
            )
            end = (branch.spine, bottom), (branch.spine, down), (spine, down), (spine, joint_top)
            wires.append(Wire(end, _shape(rows[-1].output_shape if rows else None)))
        joint = _joint(spine, joint_top, words, row.layer.name)
        part = Figure(
            width,
            joint_top + JOINT + EDGE,
            spine,
            tuple(frame for branch in placed for frame in branch.frames),
            (*(box for branch in placed for box in branch.boxes), joint),
            (*(wire for branch in placed for wire in branch.wires), *wires),
        )
        return self._framed(row, part, joint_top + JOINT, "")

    def _framed(self, row: Traced, part: Figure, joint_bottom: float, said: str) -> Figure:
        """Draw a frame around a block's parts, and lead its spine in and out."""
        layer = row.layer
        frame = Frame(
            0,
            0,
            part.width,
            part.height,
            "layer",
            layer.title,
            said,
            layer.group,
            layer.name,
            layer.name in self.wrong,
        )
        ways = (
            Wire(((part.spine, 0), (part.spine, HEADER)), arrow=False),
            Wire(((part.spine, joint_bottom), (part.spine, part.height)), arrow=False),
        )
        return replace(part, frames=(frame, *part.frames), wires=(*ways, *part.wires))


def _column(parts: Sequence[Figure], shapes: Sequence[Shape | None]) -> Figure:
    """Set parts below each other on one spine, each wired to the next; `shapes` are what they give.
    Without parts it is a wire that passes.
    """
    if not parts:
        return Figure(2 * APART, GAP, APART, wires=(Wire(((APART, 0), (APART, GAP)), arrow=False),))
    spine = max(part.spine for part in parts)
    width = spine + max(part.width - part.spine for part in parts)
    placed, wires, top = [], [], 0.0
    for number, (part, shape) in enumerate(zip(parts, shapes, strict=True)):
        placed.append(part.shifted(spine - part.spine, top))
        top += part.height
        if number + 1 < len(parts):
            wires.append(Wire(((spine, top), (spine, top + GAP)), _shape(shape)))
            top += GAP
    return Figure(
        width,
        top,
        spine,
        tuple(frame for part in placed for frame in part.frames),
        tuple(box for part in placed for box in part.boxes),
        (*(wire for part in placed for wire in part.wires), *wires),
    )


def _joint(spine: float, top: float, words: str, layer: str) -> Box:
    width = JOINT if words == "+" else JOINED
    return Box(spine - width / 2, top, width, JOINT, "joint", words, layer=layer)


def _projection(x: float, y: float, row: Traced) -> Box:
    width, height = SMALL
    words = "1×1 conv" if len(row.input_shape or ()) == 3 else "Dense"
    return Box(
        x - width / 2, y - height / 2, width, height, "shortcut", words, layer=row.layer.name
    )


def _shape(shape: Shape | None) -> str:
    return "" if shape is None else shown(shape)
