from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.store import log_outline
from engine.store.log_outline import Outline, outline
from engine.store.runs import LOG, read_log

STARTED = {"event": "Started", "parameters": 9610, "epochs": 5, "at": 2.0}
numbers = st.one_of(
    st.floats(0, 1), st.none(), st.integers(-2, 7), st.booleans(), st.just("x"), st.just(1e400)
)
lines = st.one_of(
    st.builds(lambda step, at: {"event": "Progress", "step": step, "at": at}, numbers, numbers),
    st.builds(
        lambda epoch, share: {"event": "EpochDone", "epoch": epoch, "validation_accuracy": share},
        st.one_of(st.integers(0, 9), numbers),
        numbers,
    ),
    st.builds(
        lambda count, epochs, at: {
            "event": "Started",
            "parameters": count,
            "epochs": epochs,
            "at": at,
        },
        numbers,
        numbers,
        numbers,
    ),
    st.builds(
        lambda reason, test: {"event": "Finished", "reason": reason, "test_accuracy": test},
        st.sampled_from(["completed", "stopped", "early", "", 3]),
        numbers,
    ),
    st.builds(lambda text: {"event": "Failed", "message": text}, st.text()),
    st.builds(lambda text: {"event": "Warned", "message": text}, st.text()),
    st.builds(lambda text: {"event": "Diverged", "message": text}, st.text()),
    st.builds(lambda text: {"event": "Branched", "step": 1, "parent": text}, st.text()),
    st.builds(lambda text: {"event": "WarmStarted", "source": text, "count": 2}, st.text()),
    st.sampled_from([{"event": 'a "event": "EpochDone"'}, {"event": ["Started"]}, [1], 3, {}]),
)


@pytest.fixture
def told(tmp_path):
    def told(*content: Any) -> Outline:
        text = "".join(json.dumps(line) + "\n" for line in content)
        (tmp_path / LOG).write_text(text)
        return outline(tmp_path / LOG)

    return told


def brute_force(folder) -> Outline:
    """Read the same from every line."""
    parsed, told, best = list(read_log(folder)), {}, []
    for line in parsed:
        match line:
            case {"event": "Started"} if "began" not in told:
                told["parameters"] = count(line["parameters"])
                told["epochs"] = count(line["epochs"])
                told["began"] = seconds(line)
            case {"event": "EpochDone", "epoch": epoch}:
                if count(epoch) is not None and epoch > told.get("epochs_done", 0):
                    told["epochs_done"] = epoch
                    best.append(share(line["validation_accuracy"]))
            case {"event": "Branched"}:
                told["parent"] = line["parent"]
            case {"event": "WarmStarted"}:
                told["source"] = line["source"]
            case {"event": "Diverged"}:
                told["message"] = line["message"]
    told["best_validation"] = max((one for one in best if one is not None), default=None)
    if parsed:
        told["seconds"] = max(0.0, seconds(parsed[-1]) - told.get("began", 0.0))
    while parsed and parsed[-1].get("event") == "Warned":
        parsed.pop()
    match parsed and parsed[-1]:
        case {"event": "Finished", "reason": reason, "test_accuracy": test}:
            told["end"] = reason if reason and isinstance(reason, str) else "completed"
            told["test"] = share(test)
        case {"event": "Failed", "message": message}:
            told["end"], told["message"] = "failed", message
    sound = bool(list(read_log(folder))) or not (folder / LOG).read_bytes().strip()
    return Outline(sound=sound, **told)


def count(value):
    return value if type(value) is int and value >= 0 else None


def seconds(line):
    return share(line.get("at"), 1e9) or 0.0


def share(value, most=1):
    return value if type(value) in (int, float) and 0 <= value <= most else None


@given(
    content=st.lists(st.tuples(lines, st.booleans()), max_size=30),
    cut=st.integers(0, 200),
    block=st.sampled_from([7, 64, 300, log_outline.BLOCK]),
    compact=st.booleans(),
)
def test_it_tells_what_every_line_tells(tmp_path_factory, content, cut, block, compact):
    folder = tmp_path_factory.mktemp("run")
    separators = (",", ":") if compact else None
    text = ""
    for line, torn in content:
        written = json.dumps(line, separators=separators)
        text += (written[: len(written) // 2] if torn else written) + "\n"
    content_bytes = text.encode()
    (folder / LOG).write_bytes(content_bytes[: len(content_bytes) - cut % 40])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log_outline, "BLOCK", block)
        assert outline(folder / LOG) == brute_force(folder)


def test_an_end_that_training_went_on_from_is_none(told):
    stopped = {"event": "Finished", "reason": "stopped", "test_accuracy": None}
    went_on = {"event": "Progress", "step": 9, "at": 3.5}

    assert told(STARTED, stopped).end == "stopped"
    assert told(STARTED, stopped, went_on).end == ""


def test_a_warning_after_the_end_changes_nothing(told):
    finished = {"event": "Finished", "reason": "completed", "test_accuracy": 0.9, "at": 8.0}
    warned = {"event": "Warned", "message": "The disk is full.", "at": 9.0}

    assert told(STARTED, finished, warned) == Outline(
        parameters=9610, epochs=5, began=2.0, seconds=7.0, end="completed", test=0.9
    )


def test_the_time_of_a_pause_does_not_count(told):
    started = {"event": "Started", "parameters": 1, "epochs": 1, "at": 2.0}
    paused, continued = {"event": "Paused", "at": 5.0}, {"event": "Continued", "at": 1005.0}
    progress = {"event": "Progress", "at": 1006.5}

    assert told(started, paused).seconds == 3.0
    assert told(started, paused, continued, progress).seconds == 4.5


def test_the_newest_of_two_branches_is_the_parent(told):
    branches = [{"event": "Branched", "step": 1, "parent": name} for name in ("first", "second")]

    assert told(STARTED, *branches).parent == "second"


@pytest.mark.parametrize(
    ("source", "read"), [("First try", "First try"), ("x" * 5000, "x" * 2000), (7, ""), (None, "")]
)
def test_what_the_first_weights_were_taken_from_is_told(told, source, read):
    assert told(STARTED, {"event": "WarmStarted", "source": source, "count": 4}).source == read


def test_an_end_with_a_long_traceback_is_found(told):
    failed = {"event": "Failed", "message": "Why", "details": "x" * 900_000}

    assert told(STARTED, failed).end == "failed"


def test_a_line_that_is_too_long_is_skipped(told, monkeypatch):
    monkeypatch.setattr(log_outline, "LONGEST_LINE", 1000)
    monkeypatch.setattr(log_outline, "BLOCK", 100)
    epoch = {"event": "EpochDone", "epoch": 2, "validation_accuracy": 0.5}

    read = told(STARTED, {"event": "Failed", "details": "x" * 5000}, epoch)

    assert (read.parameters, read.epochs_done, read.end) == (9610, 2, "")


@pytest.mark.parametrize("content", [b"\x00" * 100, b"no\nlog", b"\xff\xfe"])
def test_what_is_no_log_is_told_apart_from_an_empty_one(tmp_path, content):
    (tmp_path / LOG).write_bytes(content)
    assert not outline(tmp_path / LOG).sound

    (tmp_path / LOG).write_bytes(b"")
    assert outline(tmp_path / LOG) == Outline()
