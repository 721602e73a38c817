import io
import struct
import tracemalloc
import zipfile

import numpy as np
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from engine.data import npy_format
from engine.data.archives import examine_archive
from engine.data.dataset import Cancelled, silent
from engine.problems import ProblemError

IMAGES = np.random.default_rng(0).integers(0, 256, (12, 4, 5), np.uint8)
LABELS = np.arange(12) % 3


@pytest.fixture
def save(tmp_path):
    def to(packed=False, **arrays):
        path = tmp_path / "data.npz"
        (np.savez_compressed if packed else np.savez)(path, **arrays)
        return path

    return to


def examined(path):
    return examine_archive(path, silent)


def together(images):
    """The images in the archive's own order."""
    order = np.argsort([*images.train_rows, *images.test_rows])
    return (
        np.concatenate([images.train_images, images.test_images])[order],
        np.concatenate([images.train_labels, images.test_labels])[order],
    )


def refused(path, words):
    with pytest.raises(ProblemError, match=words):
        examined(path)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("names", [("images", "labels"), ("X", "Y"), ("x_train", "y_train")])
def test_images_and_labels_are_read(save, names, packed):
    path = save(packed, **dict(zip(names, (IMAGES, LABELS), strict=True)))
    images, labels = together(examined(path))
    np.testing.assert_array_equal(images[:, 0], IMAGES)
    np.testing.assert_array_equal(labels, LABELS)


@pytest.mark.parametrize(
    "names",
    [
        ("x_train", "y_train", "x_test", "y_test"),
        ("train_images", "train_labels", "test_images", "test_labels"),
    ],
)
def test_a_test_set_of_its_own_is_kept(save, names):
    arrays = (IMAGES, LABELS, IMAGES[:4], LABELS[:4])
    images = examined(save(**dict(zip(names, arrays, strict=True))))
    np.testing.assert_array_equal(images.test_images[:, 0], IMAGES[:4])
    assert len(images.train_labels) == 12


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("last", [False, True])
def test_channels_may_be_first_or_last(save, channels, last):
    images = np.random.default_rng(1).integers(0, 256, (12, channels, 4, 5), np.uint8)
    saved = images.transpose(0, 2, 3, 1) if last else images
    np.testing.assert_array_equal(together(examined(save(images=saved, labels=LABELS)))[0], images)


def test_an_array_in_fortran_order_is_read_alike(save):
    path = save(images=np.asfortranarray(IMAGES), labels=LABELS)
    np.testing.assert_array_equal(together(examined(path))[0][:, 0], IMAGES)


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "f8", "f2", "i8", ">i2", "?"])
def test_other_numbers_become_float32(save, dtype):
    images = (IMAGES // 2).astype(dtype)
    read = together(examined(save(images=images, labels=LABELS)))[0]
    assert read.dtype == np.float32
    np.testing.assert_array_equal(read[:, 0], images.astype(np.float32))


def test_bytes_that_only_count_become_float32(save):
    assert examined(save(images=IMAGES // 16, labels=LABELS)).train_images.dtype == np.float32


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (LABELS, ("0", "1", "2")),
        (LABELS * 10 - 5, ("-5", "5", "15")),
        (LABELS.astype(float), ("0", "1", "2")),
        (LABELS[:, None], ("0", "1", "2")),
        (np.eye(3)[LABELS], ("0", "1", "2")),
        (np.eye(3, dtype=bool)[LABELS], ("0", "1", "2")),
        (np.array(["ant", "b10", "b9"])[LABELS], ("ant", "b9", "b10")),
        (np.array(["ant", "bee", "cat"]).astype(">U4")[LABELS], ("ant", "bee", "cat")),
        (np.array([b"ant", b"bee", "猫".encode()])[LABELS], ("ant", "bee", "猫")),
        (LABELS > 0, ("0", "1")),
    ],
)
def test_labels_of_every_kind_become_classes(save, labels, names):
    assert examined(save(images=IMAGES, labels=labels)).class_names == names


def test_one_hot_rows_are_the_column_of_the_one(save):
    labels = together(examined(save(images=IMAGES, labels=np.eye(3)[LABELS])))[1]
    np.testing.assert_array_equal(labels, LABELS)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (LABELS + 0.5, r"holds 0\.5, but labels are whole numbers"),
        (np.where(LABELS == 1, np.nan, 0), "holds nan, but labels are whole numbers"),
        (np.ones((12, 3)), "labels is 12×3, but labels are one number or name"),
        (LABELS[:7], "images holds 12×4×5 values and labels 7: there must be one label"),
        (np.zeros(12), "All 12 labels are 0"),
        (np.full(12, b"\xff"), "is no valid Unicode"),
        (np.full(12, 0x7FFFFFFF, np.uint32).view("U1"), "is no valid Unicode"),
        (np.full(12, 0xD800, np.uint32).view("U1"), "is no valid Unicode"),
        (np.array([object()] * 12), "holds Python objects, which are never read"),
        (np.zeros(12, complex), "of the type <c16, but only whole numbers"),
        (np.zeros(12, [("a", "i4")]), "but only whole numbers"),
    ],
)
def test_labels_that_are_none_are_refused(save, labels, words):
    refused(save(images=IMAGES, labels=labels), words)


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (IMAGES.reshape(12, 20), "images is 12×20, but images are N×H×W"),
        (np.zeros((12, 4, 5, 4), np.uint8), "images is 12×4×5×4, but images are"),
        (np.zeros((0, 4, 5), np.uint8), r"The arrays images \(0×4×5\) .* hold nothing"),
        (np.full((12, 4, 5), "x"), "images holds text, but images are numbers"),
        (np.array([object()] * 12), "holds Python objects, which are never read"),
    ],
)
def test_images_that_are_none_are_refused(save, images, words):
    refused(save(images=images, labels=LABELS), words)


def test_pixels_that_are_no_numbers_are_counted(save):
    images = IMAGES.astype(np.float64)
    images[0, 0, :3] = np.nan, np.inf, 1e300
    refused(save(images=images, labels=LABELS), "3 of the 240 pixels of images are not finite")


def test_a_test_set_of_another_size_is_refused(save):
    path = save(x_train=IMAGES, y_train=LABELS, x_test=IMAGES[:, :2], y_test=LABELS)
    refused(path, "x_train are 1×4×5 and those of x_test 1×2×5")


def test_half_a_test_set_is_refused(save):
    refused(save(x_train=IMAGES, y_train=LABELS, x_test=IMAGES), "holds x_test but not the array")


def test_unknown_names_are_listed(save):
    refused(save(a=IMAGES, b=LABELS), "holds the arrays a, b, but x_train and y_train")


def test_arrays_that_are_not_used_are_noted(save):
    images = examined(save(images=IMAGES, labels=LABELS, val_images=IMAGES))
    assert [str(note) for note in images.notes] == ["These arrays are not used: val_images."]


def test_what_is_no_archive_is_refused(tmp_path):
    (tmp_path / "data.npz").write_bytes(b"no archive at all")
    refused(tmp_path / "data.npz", "is no sound NumPy archive")


def test_a_single_array_is_no_archive(tmp_path):
    np.save(tmp_path / "data.npy", IMAGES)
    refused(tmp_path / "data.npy", r"is no sound NumPy archive .* numpy\.savez")


def test_too_little_memory_is_said_before_it_is_taken(save, monkeypatch):
    class Full:
        available = 100

    monkeypatch.setattr(psutil, "virtual_memory", Full)
    refused(save(images=IMAGES, labels=LABELS), "The arrays images, labels would take")


def test_reading_can_be_cancelled(save):
    def cancel(done, total):
        raise Cancelled

    with pytest.raises(Cancelled):
        examine_archive(save(images=IMAGES, labels=LABELS), cancel)


def member(header, data=b"", version=1, length=None):
    """One array as bytes, with any header."""
    text = header.encode()
    size = len(text) if length is None else length
    return (
        b"\x93NUMPY"
        + bytes((version, 0))
        + struct.pack("<H" if version == 1 else "<I", size)
        + text
        + data
    )


def header(shape, descr="|u1"):
    return str({"descr": descr, "fortran_order": False, "shape": shape})


@pytest.fixture
def archive(tmp_path):
    """An archive whose array of images is these very bytes."""

    def write(images, packing=zipfile.ZIP_DEFLATED):
        labels = io.BytesIO()
        np.save(labels, LABELS)
        path = tmp_path / "data.npz"
        with zipfile.ZipFile(path, "w", packing) as file:
            file.writestr("images.npy", images)
            file.writestr("labels.npy", labels.getvalue())
        return path

    return write


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (member(header((12, 10**6, 10**6)), bytes(99)), "declares 12×1,000,000×1,000,000 values"),
        (member(header((12, 4, 5)), bytes(239)), "values in 240 bytes, but the archive holds 239"),
        (member(header((12, 4, 5)), bytes(241)), "values in 240 bytes, but the archive holds 241"),
        (member(header((12, 4, 5), "|O")), "holds Python objects"),
        (member(header((10**12,), "<U0")), "of the type <U0"),
        (member(header((-12, -4, 5)), bytes(240)), "its header has no shape"),
        (member(header((12.0, 4, 5)), bytes(240)), "its header has no shape"),
        (member("{'descr': '|u1'}"), "its header cannot be read"),
        (member("(" * 5000), "its header cannot be read"),
        (member("1/0"), "its header cannot be read"),
        (member("{}", version=2, length=2**31), "its header is 2,147,483,648 bytes long"),
        (member("{}", length=9000), "it ends within its header"),
        (member("{}", version=9), "it does not begin as NumPy's arrays do"),
        (b"", "it does not begin as NumPy's arrays do"),
    ],
)
def test_a_hostile_header_is_refused_without_taking_memory(archive, images, words):
    path = archive(images)
    tracemalloc.start()
    try:
        refused(path, words)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_an_array_larger_than_its_packed_bytes_can_hold_is_refused(archive):
    path = archive(member(header((12, 4, 5)), bytes(240)))
    data = bytearray(path.read_bytes())
    entry = data.index(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = struct.pack("<I", 2**31)
    path.write_bytes(data)
    refused(path, "declares 2,147,483,648 bytes, which the .* cannot hold")


def test_a_packing_that_numpy_does_not_use_is_refused(archive):
    refused(archive(member(header((12, 4, 5)), bytes(240)), zipfile.ZIP_LZMA), "packed in a way")


def test_an_encrypted_archive_is_refused(save):
    path = save(images=IMAGES, labels=LABELS)
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        data[data.index(mark) + offset] |= 1
    path.write_bytes(data)
    refused(path, r"is no sound NumPy archive .*encrypted")


@pytest.fixture(scope="module")
def rewrite(tmp_path_factory):
    path = tmp_path_factory.mktemp("npz") / "data.npz"

    def to(data):
        path.write_bytes(data)
        return path

    return to


def saved(packed=True, **arrays):
    stream = io.BytesIO()
    (np.savez_compressed if packed else np.savez)(stream, **arrays)
    return stream.getvalue()


@given(
    hnp.arrays(
        st.sampled_from(["u1", "<f4", ">f8", "<i2", "?", "<U3", "S2"]),
        hnp.array_shapes(min_dims=1, max_dims=4, max_side=4),
        elements=None,
        fill=st.nothing(),
    ),
    st.booleans(),
    st.booleans(),
)
def test_every_array_is_read_as_numpy_reads_it(rewrite, array, packed, fortran):
    array = np.asfortranarray(array) if fortran else array
    path = rewrite(saved(packed, a=array))
    with npy_format.opened(path) as file:
        read = npy_format.read(file, npy_format.declared(file, npy_format.arrays(file)["a"]))
    with np.load(path, allow_pickle=False) as reference:
        np.testing.assert_array_equal(read, reference["a"])
        assert read.dtype == reference["a"].dtype


@given(st.data(), st.booleans())
@settings(max_examples=200)
def test_a_wrong_byte_anywhere_is_refused_or_harmless(rewrite, data, packed):
    good = saved(packed, images=IMAGES, labels=LABELS)
    broken = bytearray(good)
    broken[data.draw(st.integers(0, len(good) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        images, labels = together(examined(rewrite(bytes(broken))))
    except ProblemError:
        return
    np.testing.assert_array_equal(images[:, 0], IMAGES)
    np.testing.assert_array_equal(labels, LABELS)


@given(st.data())
def test_any_truncation_is_refused(rewrite, data):
    good = saved(images=IMAGES, labels=LABELS)
    with pytest.raises(ProblemError):
        examined(rewrite(good[: data.draw(st.integers(0, len(good) - 1))]))
