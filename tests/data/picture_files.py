"""Small sources of pictures, made on the spot."""

import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image


def png(colour: tuple[int, int, int] = (10, 20, 30), size: tuple[int, int] = (32, 32)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


def class_files(train: int = 3, test: int = 2) -> dict[str, bytes]:
    """Files of two classes: cat i has the grey value i, dog i the value 100 + i, test images 50 more."""
    files = {}
    for split, count, more in (("train", train, 0), ("test", test, 50)):
        for start, label in ((0, "cat"), (100, "dog")):
            for i in range(count):
                files[f"{split}/{label}/{i}.png"] = png((start + i + more,) * 3)
    return files


def write_folder(place: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
    return place


def write_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def write_tar(path: Path, files: dict[str, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


def mean_values(images: np.ndarray) -> list[int]:
    """The first pixel of each image, which says which file it was."""
    return [int(image[0, 0, 0]) for image in images]
