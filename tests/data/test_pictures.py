import io

import numpy as np
import pytest
from PIL import Image

from cnncore.data import pictures
from cnncore.data.archives import UnreadableFileError
from cnncore.data.pictures import decode, endings, formats

# Pillow's remarks on faults in files; `read_folders` silences them where the files are read.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def noise(height: int, width: int, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, channels), dtype=np.uint8)


def test_a_picture_of_the_right_size_keeps_its_pixels() -> None:
    pixels = noise(32, 32)
    array, size = decode(encoded(Image.fromarray(pixels)), (3, 32, 32))
    np.testing.assert_array_equal(array, pixels.transpose(2, 0, 1))
    assert size == (32, 32)


def test_another_shape_is_cut_to_the_centre_not_squeezed() -> None:
    pixels = np.zeros((40, 120, 3), np.uint8)
    pixels[:, 40:80] = 255  # the middle square is white, what is beside it black
    array, size = decode(encoded(Image.fromarray(pixels)), (3, 20, 20))
    assert (array == 255).all()
    assert size == (40, 120)


def test_fine_patterns_become_grey_when_they_are_shrunk() -> None:
    stripes = np.zeros((320, 320, 3), np.uint8)
    stripes[:, ::2] = 255
    array, _ = decode(encoded(Image.fromarray(stripes)), (3, 32, 32))
    assert np.abs(array.astype(int) - 127).max() <= 6


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "I;16", "I"])
def test_every_mode_becomes_rgb_or_grey(mode: str) -> None:
    image = (
        Image.new("L", (20, 20), 255).convert(mode) if not mode.startswith("I") else Image.new(mode, (20, 20), 65535)
    )
    kind = "TIFF" if mode in ("CMYK", "YCbCr", "HSV", "I") else "PNG"
    content = encoded(image if mode != "HSV" else image.convert("RGB"), kind)
    for channels in (3, 1):
        array, _ = decode(content, (channels, 16, 16))
        assert array.shape == (channels, 16, 16)
        assert array.min() >= 250


def test_sixteen_bits_are_scaled_not_cut_off() -> None:
    array, _ = decode(encoded(Image.fromarray(np.full((16, 16), 128 * 256, np.uint16))), (3, 16, 16))
    assert (array == 128).all()


def test_transparent_parts_are_white() -> None:
    image = Image.new("RGBA", (16, 16), (0, 0, 0, 0))
    array, _ = decode(encoded(image), (3, 16, 16))
    assert (array == 255).all()


def test_the_note_on_which_way_is_up_is_obeyed() -> None:
    image = Image.new("RGB", (32, 32))
    image.paste("red", (0, 0, 32, 16))  # the upper half
    exif = Image.Exif()
    exif[0x0112] = 3  # turned by 180 degrees
    array, _ = decode(encoded(image, "JPEG", exif=exif), (3, 32, 32))
    assert array[0, 24, 16] > 200
    assert array[0, 8, 16] < 50


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM"])
def test_common_formats(kind: str) -> None:
    array, _ = decode(encoded(Image.new("RGB", (64, 48), (200, 100, 50)), kind), (3, 32, 32))
    assert np.abs(array.mean((1, 2)) - (200, 100, 50)).max() < 4


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "TIFF"])
@pytest.mark.parametrize("part", [0, 10, 0.5])
def test_broken_files_have_a_reason(kind: str, part: float) -> None:
    content = encoded(Image.fromarray(noise(64, 64)), kind)
    content = content[: part if isinstance(part, int) else int(part * len(content))]
    with pytest.raises(UnreadableFileError, match=r"\w"):
        decode(content, (3, 32, 32))


def test_random_bytes_never_escape() -> None:
    """Whatever is flipped in a file, the outcome is an array or a reason."""
    rng = np.random.default_rng(0)
    outcomes = set()
    for kind in ("JPEG", "PNG", "GIF", "TIFF", "WEBP", "BMP"):
        content = encoded(Image.fromarray(noise(16, 16)), kind)
        for _ in range(60):
            changed = bytearray(content)
            for place in rng.integers(0, min(len(content), 200), 4):
                changed[place] = rng.integers(256)
            try:
                outcomes.add(decode(bytes(changed), (3, 16, 16))[0].shape)
            except UnreadableFileError:
                outcomes.add("reason")
    assert outcomes == {(3, 16, 16), "reason"}


def test_far_too_many_pixels_are_refused_before_they_are_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MAX_PIXELS", 1000)
    with pytest.raises(UnreadableFileError, match="million pixels"):
        decode(encoded(Image.new("RGB", (32, 32))), (3, 32, 32))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(UnreadableFileError, match="far too many pixels"):
        decode(encoded(Image.new("RGB", (32, 32))), (3, 32, 32))


def test_formats_that_start_programs_are_left_out() -> None:
    assert "EPS" not in formats()
    assert ".eps" not in endings()
    assert {".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff"} <= endings()
