import gzip
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from engine.data.idx_format import IMAGES, LABELS, read_header, read_idx
from engine.problems import ProblemError


def pack(array):
    return (
        bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape) + bytes(array)
    )


GOOD = pack(np.arange(24, dtype=np.uint8).reshape(2, 3, 4))
some_images = hnp.arrays(np.uint8, hnp.array_shapes(min_dims=3, max_dims=3, max_side=6))


@pytest.fixture(scope="module")
def write(tmp_path_factory):
    path = tmp_path_factory.mktemp("idx") / "file"

    def to(data):
        path.write_bytes(data)
        return path

    return to


def refused(path, words, dimensions=IMAGES):
    with pytest.raises(ProblemError, match=words) as caught:
        read_idx(path, dimensions)
    assert str(path) in str(caught.value)


@given(some_images, st.booleans())
def test_what_is_written_is_read(write, array, packed):
    data = pack(np.ascontiguousarray(array))
    np.testing.assert_array_equal(
        read_idx(write(gzip.compress(data) if packed else data), IMAGES), array
    )


@given(st.integers(0, len(GOOD) - 1))
def test_any_truncation_is_refused(write, length):
    with pytest.raises(ProblemError):
        read_idx(write(GOOD[:length]), IMAGES)


@given(st.data())
def test_any_truncation_of_a_packed_file_is_refused(write, data):
    packed = gzip.compress(GOOD)
    with pytest.raises(ProblemError):
        read_idx(write(packed[: data.draw(st.integers(0, len(packed) - 1))]), IMAGES)


@given(st.integers(0, 15), st.integers(1, 255), st.booleans())
@settings(max_examples=150)
def test_a_wrong_byte_in_the_header_is_refused_without_taking_memory(write, at, flip, packed):
    data = bytearray(GOOD)
    data[at] ^= flip
    path = write(gzip.compress(bytes(data)) if packed else bytes(data))
    tracemalloc.start()
    try:
        with pytest.raises(ProblemError):
            read_idx(path, IMAGES)
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()


@given(st.data())
@settings(max_examples=150)
def test_a_wrong_byte_in_a_packed_file_is_refused_or_harmless(write, data):
    packed = bytearray(gzip.compress(GOOD))
    packed[data.draw(st.integers(0, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        read = read_idx(write(bytes(packed)), IMAGES)
    except ProblemError:
        return
    assert pack(read) == GOOD


@given(st.binary(max_size=200))
def test_foreign_bytes_are_refused(write, data):
    with pytest.raises(ProblemError):
        read_idx(write(data), IMAGES)


def test_a_cut_off_file_says_how_many_bytes_are_missing(write):
    refused(write(GOOD[:-4]), "is cut off: 40 bytes were expected and 36 found")


def test_a_cut_off_header_says_so(write):
    refused(write(GOOD[:10]), "is cut off: 16 bytes were expected and 10 found")


def test_a_packed_file_with_too_few_values_says_how_many(write):
    refused(write(gzip.compress(GOOD[:-4])), "is cut off: 40 bytes were expected and 36 found")


def test_a_cut_off_gzip_file_says_how_many_bytes_are_missing(write):
    noise = pack(np.random.default_rng(0).integers(0, 256, (100, 20, 20), dtype=np.uint8))
    refused(write(gzip.compress(noise)[:-5000]), "is cut off: 40,016 bytes were expected and 3")


def test_bytes_after_the_end_are_refused(write):
    refused(write(GOOD + b"xy"), "its header declares 40 bytes, but there are 42")


def test_bytes_after_the_end_of_a_packed_file_are_refused(write):
    refused(write(gzip.compress(GOOD + b"xy")), "its header declares 40 bytes, but there are more")


def test_labels_where_images_were_expected_are_named(write):
    refused(write(pack(np.zeros(5, np.uint8))), "is a file of labels, but images were expected")


def test_images_where_labels_were_expected_are_named(write):
    refused(write(GOOD), "is a file of images, but labels were expected", LABELS)


def test_other_dimensions_are_counted(write):
    refused(write(pack(np.zeros((2, 3), np.uint8))), "is an IDX file with 2 dimensions, but images")


def test_a_foreign_file_is_told_by_its_first_bytes(write):
    refused(
        write(b"\x89PNG\r\n\x1a\n" + bytes(40)),
        "not an IDX file: .* 89 50 4e 47, but .* 00 00 08 03",
    )


def test_another_type_of_values_is_named(write):
    refused(write(b"\0\0\x0d\3" + GOOD[4:]), "holds 32-bit floats, but only unsigned bytes")


def test_a_file_of_no_images_is_refused(write):
    refused(write(pack(np.zeros((0, 3, 4), np.uint8))), "declares 0×3×4 values, which is nothing")


def test_a_damaged_gzip_file_is_named_so(write):
    packed = bytearray(gzip.compress(GOOD))
    packed[-6] ^= 1  # its checksum
    refused(write(bytes(packed)), "is a damaged gzip file")


def test_a_huge_declared_size_in_a_packed_file_takes_no_memory(write):
    data = b"\0\0\x08\3" + struct.pack(">3I", 2**32 - 1, 2**16, 2**16) + bytes(100)
    refused(write(gzip.compress(data)), r"which its \d+ bytes of gzip cannot hold")


def test_a_gzip_bomb_is_not_unpacked_beyond_what_it_declares(write):
    bomb = gzip.compress(pack(np.zeros((1, 2, 2), np.uint8)) + bytes(60_000_000), compresslevel=1)
    path = write(bomb)
    tracemalloc.start()
    refused(path, "goes on after its end")
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_the_bytes_decide_what_is_packed_and_not_the_name(tmp_path):
    (tmp_path / "plain.gz").write_bytes(GOOD)
    (tmp_path / "packed").write_bytes(gzip.compress(GOOD))
    for name in ("plain.gz", "packed"):
        assert read_idx(tmp_path / name, IMAGES).shape == (2, 3, 4)


def test_the_header_alone_tells_the_shape(write):
    assert read_header(write(GOOD), IMAGES).shape == (2, 3, 4)


def test_too_little_memory_is_said_before_it_is_taken(write, monkeypatch):
    import psutil

    class Full:
        available = 10

    monkeypatch.setattr(psutil, "virtual_memory", Full)
    with pytest.raises(ProblemError, match="file with 24 values would take 24 bytes of memory"):
        read_idx(write(GOOD), IMAGES)


def test_a_missing_file_is_a_sentence():
    with pytest.raises(ProblemError, match="does not exist"):
        read_idx(Path("nowhere/at-all"), IMAGES)
