"""A learning-rate schedule as a function of the step, in Python that both scripts share."""

from __future__ import annotations

from functools import singledispatch

from engine.export.text import Paragraph, literal, paragraph
from engine.project.schedules import (
    WARM_UP_START,
    Constant,
    Cosine,
    Exponential,
    OneCycle,
    ReduceOnPlateau,
    Schedule,
    Step,
    WarmedUp,
)


def moves(schedule: Schedule) -> bool:
    """Whether the learning rate follows the step, rather than validation or nothing."""
    if isinstance(schedule, Constant | ReduceOnPlateau):
        return schedule.warm_up > 0
    return True


def factor(schedule: Schedule) -> list[Paragraph]:
    """Write `factor(step)`: the learning rate's multiple at each of `steps` steps, from 0."""
    return [*_path(schedule), _factor(schedule)]


def _path(schedule: Schedule) -> list[Paragraph]:
    """Write the way from one multiple to another that a one-cycle schedule goes twice."""
    if not isinstance(schedule, OneCycle):
        return []
    if schedule.shape == "linear":
        return [
            paragraph(
                '''
                def between(first, last, share):
                    """Go from one number to another in a straight line."""
                    return first + (last - first) * share
                '''
            )
        ]
    return [
        paragraph(
            '''
            def between(first, last, share):
                """Go from one number to another along half a cosine wave."""
                return first + (last - first) * (1 - math.cos(math.pi * share)) / 2
            '''
        )
    ]


def _factor(schedule: Schedule) -> Paragraph:
    return paragraph(
        '''
        def factor(step):
            """$help"""
            done = step / steps  # the share of the training that is over
        $body
        ''',
        help="Give what the learning rate is multiplied by: " + _in_words(schedule),
        body="\n".join(f"    {line}" for line in (*_warm_up(schedule), *_body(schedule))),
    )


def _in_words(schedule: Schedule) -> str:
    name = type(schedule).title.lower()
    if isinstance(schedule, WarmedUp) and schedule.warm_up:
        return "a warm-up." if name in ("constant", "reduce on plateau") else f"warm-up, {name}."
    return f"{name}."


def _warm_up(schedule: Schedule) -> list[str]:
    if not isinstance(schedule, WarmedUp) or not schedule.warm_up:
        return []
    share, start = literal(schedule.warm_up), literal(WARM_UP_START)
    lines = [
        f"if done < {share}:  # the warm-up, from a hundredth in a straight line",
        f"    return {start} + (1 - {start}) * done / {share}",
    ]
    after = [f"done = (done - {share}) / (1 - {share})"]
    return lines if isinstance(schedule, Constant | ReduceOnPlateau) else lines + after


@singledispatch
def _body(schedule: Schedule) -> list[str]:
    """Write what is returned of `done`, the share of the run that is over after a warm-up."""
    raise TypeError(f"no formula is known for {type(schedule).__name__}")


@_body.register(Constant)
@_body.register(ReduceOnPlateau)
def _one(schedule: Constant | ReduceOnPlateau) -> list[str]:
    return ["return 1.0"]


@_body.register
def _step(schedule: Step) -> list[str]:
    drops = f"min({schedule.drops}, int({schedule.drops + 1} * done + 1e-9))"
    return [f"return {literal(schedule.drop)} ** {drops}"]


@_body.register
def _exponential(schedule: Exponential) -> list[str]:
    return [f"return {literal(schedule.end)}**done"]


@_body.register
def _cosine(schedule: Cosine) -> list[str]:
    wave = "(1 + math.cos(math.pi * done)) / 2"
    if not schedule.end:
        return [f"return {wave}"]
    end = literal(schedule.end)
    return [f"return {end} + (1 - {end}) * {wave}"]


@_body.register
def _one_cycle(schedule: OneCycle) -> list[str]:
    rise, start, end = map(literal, (schedule.rise, schedule.start, schedule.end))
    return [
        f"if done < {rise}:",
        f"    return between({start}, 1.0, done / {rise})",
        f"return between(1.0, {end}, (done - {rise}) / (1 - {rise}))",
    ]
