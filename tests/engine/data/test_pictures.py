import numpy as np
import pytest
from PIL import Image

from engine.data.pictures import BrokenPictureError, decode, is_colourful, look


def save(path, array, mode=None, **options):
    Image.fromarray(np.asarray(array), mode).save(path, **options)
    return path


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".gif", ".tiff", ".webp"])
def test_grey_values_survive_every_lossless_format(tmp_path, suffix):
    values = np.arange(48, dtype=np.uint8).reshape(6, 8) * 5
    path = save(
        tmp_path / f"a{suffix}", values, **({"lossless": True} if suffix == ".webp" else {})
    )
    np.testing.assert_array_equal(decode(path, (1, 6, 8))[0], values)


def test_colours_become_three_channels(tmp_path):
    values = np.random.default_rng(0).integers(0, 256, (4, 5, 3), np.uint8)
    pixels = decode(save(tmp_path / "a.png", values), (3, 4, 5))
    np.testing.assert_array_equal(pixels, values.transpose(2, 0, 1))


def test_a_grey_picture_fills_three_equal_channels(tmp_path):
    pixels = decode(save(tmp_path / "a.png", np.full((2, 2), 70, np.uint8)), (3, 2, 2))
    assert (pixels == 70).all()


def test_transparency_is_laid_on_white(tmp_path):
    values = np.zeros((2, 2, 4), np.uint8)
    values[0, :, 3] = 255
    pixels = decode(save(tmp_path / "a.png", values), (1, 2, 2))
    assert pixels[0].tolist() == [[0, 0], [255, 255]]


def test_sixteen_bits_are_brought_to_eight(tmp_path):
    values = np.array([[0, 257 * 100], [257 * 200, 65535]], np.uint16)
    assert decode(save(tmp_path / "a.png", values), (1, 2, 2))[0].tolist() == [[0, 100], [200, 255]]


def test_floats_in_a_tiff_are_brought_to_eight_bits(tmp_path):
    values = np.array([[0, 0.2], [np.nan, 1]], np.float32)
    assert decode(save(tmp_path / "a.tiff", values), (1, 2, 2))[0].tolist() == [[0, 51], [0, 255]]


def test_a_bilevel_picture_is_black_and_white(tmp_path):
    Image.new("1", (2, 2), 1).save(tmp_path / "a.png")
    assert (decode(tmp_path / "a.png", (1, 2, 2)) == 255).all()


def test_shrinking_is_antialiased(tmp_path):
    stripes = np.tile(np.array([0, 255], np.uint8), (64, 32))
    pixels = decode(save(tmp_path / "a.png", stripes), (1, 8, 8))
    assert 100 < pixels.min() <= pixels.max() < 155


def test_a_large_jpeg_is_brought_to_size(tmp_path):
    path = save(tmp_path / "a.jpg", np.full((900, 600), 90, np.uint8))
    pixels = decode(path, (1, 8, 8))
    assert abs(pixels.astype(int) - 90).max() <= 2


def test_a_picture_taken_sideways_is_turned_upright(tmp_path):
    values = np.zeros((16, 32), np.uint8)
    values[:, :16] = 255
    exif = Image.Exif()
    exif[0x0112] = 6
    path = save(tmp_path / "a.jpg", values, exif=exif, quality=95)
    assert look(path).size == (32, 16)
    pixels = decode(path, (1, 32, 16))[0]
    assert pixels[:12].min() > 200
    assert pixels[20:].max() < 50


def test_the_header_tells_size_and_grey(tmp_path):
    seen = look(save(tmp_path / "a.png", np.zeros((3, 7), np.uint8)))
    assert (seen.size, seen.grey) == ((3, 7), True)


@pytest.mark.parametrize(("values", "colourful"), [([90, 90, 90], False), ([200, 30, 90], True)])
def test_colour_is_seen_through_jpegs_rounding(tmp_path, values, colourful):
    path = save(tmp_path / "a.jpg", np.full((16, 16, 3), values, np.uint8))
    assert is_colourful(path) is colourful


@pytest.mark.parametrize(
    "data", [b"", b"text", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8\xff\xe0"]
)
def test_what_is_no_picture_is_broken(tmp_path, data):
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(BrokenPictureError):
        decode(tmp_path / "a.png", (1, 4, 4))


def test_a_truncated_picture_is_broken(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (50, 50), np.uint8)
    path = save(tmp_path / "a.png", noise)
    path.write_bytes(path.read_bytes()[:800])
    with pytest.raises(BrokenPictureError):
        decode(path, (1, 50, 50))


@pytest.mark.parametrize("side", [9_000, 10_000, 30_000])
def test_a_picture_bomb_is_broken(tmp_path, bomb, side):
    with pytest.raises(BrokenPictureError, match="pixels"):
        look(bomb(tmp_path / "a.png", side))
