from __future__ import annotations

import threading

from hypothesis import given
from hypothesis import strategies as st

from engine.mailbox import Mailbox

# A message is (kind, number): "small" ones are all kept, of the others the newest of each kind.
messages = st.tuples(st.sampled_from(["small", "weights", "evaluation"]), st.integers())


def large_kind(message):
    return None if message[0] == "small" else message[0]


def kept(posted):
    """Say by brute force what must arrive."""
    return [
        message
        for place, message in enumerate(posted)
        if message[0] == "small" or message[0] not in [kind for kind, _ in posted[place + 1 :]]
    ]


def shrunk(message):
    """Leave a little of an evaluation, and nothing of weights."""
    return ("little", message[1]) if message[0] == "evaluation" else None


def kept_with_what_is_left(posted):
    """Say by brute force what must arrive where something is left of older ones."""
    kinds = [kind for kind, _ in posted]
    older = [kind != "small" and kind in kinds[place + 1 :] for place, kind in enumerate(kinds)]
    left = [shrunk(one) if old else one for one, old in zip(posted, older, strict=True)]
    return [message for message in left if message is not None]


def posted_to(mailbox, posted):
    for message in posted:
        mailbox.post(message)


@given(st.lists(messages))
def test_small_ones_and_the_newest_large_ones_arrive_in_order(posted):
    mailbox = Mailbox(large_kind)
    posted_to(mailbox, posted)

    assert mailbox.collect() == kept(posted)


@given(st.lists(st.lists(messages)))
def test_each_collection_gives_what_came_since_the_last(parts):
    mailbox = Mailbox(large_kind)
    for part in parts:
        posted_to(mailbox, part)
        assert mailbox.collect() == kept(part)
    assert mailbox.collect() == []


@given(st.lists(st.lists(messages)))
def test_what_is_left_of_an_older_one_stays_in_its_place(parts):
    mailbox = Mailbox(large_kind, shrunk)
    for part in parts:
        posted_to(mailbox, part)
        assert mailbox.collect() == kept_with_what_is_left(part)


def test_however_slowly_it_is_emptied_it_holds_one_large_message_of_a_kind():
    mailbox = Mailbox(large_kind)
    posted_to(mailbox, [("weights", number) for number in range(10_000)])

    assert mailbox.collect() == [("weights", 9_999)]


def test_two_threads_lose_nothing():
    mailbox, count = Mailbox(large_kind), 20_000
    poster = threading.Thread(
        target=posted_to,
        args=(
            mailbox,
            [("weights" if number % 10 == 0 else "small", number) for number in range(count)],
        ),
    )
    poster.start()
    collected = []
    while poster.is_alive():
        collected += mailbox.collect()
    collected += mailbox.collect()

    numbers = [number for _, number in collected]
    small = [number for kind, number in collected if kind == "small"]
    assert numbers == sorted(numbers)
    assert small == [number for number in range(count) if number % 10]
    assert max(number for kind, number in collected if kind == "weights") == count - 10
