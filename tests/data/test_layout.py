import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncore.data.layout import Split, arrange
from cnncore.errors import InputError


def places(*paths: str) -> list[tuple[str, str] | None]:
    return [place and (str(place[0]), place[1]) for place in arrange([tuple(path.split("/")) for path in paths]).places]


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["cat/1.jpg", "dog/1.jpg"], [("train", "cat"), ("train", "dog")]),
        (["a/b/cat/1.jpg", "a/b/dog/1.jpg"], [("train", "cat"), ("train", "dog")]),
        (["train/cat/1.jpg", "test/cat/1.jpg"], [("train", "cat"), ("test", "cat")]),
        (["pets/Train/cat/1.jpg", "pets/TEST/cat/1.jpg"], [("train", "cat"), ("test", "cat")]),
        (["train/cat/1.jpg", "train/dog/1.jpg"], [("train", "cat"), ("train", "dog")]),
        (["train/cat/deep/er/1.jpg", "test/cat/1.jpg"], [("train", "cat"), ("test", "cat")]),
        (["train/cat/1.jpg", "val/cat/1.jpg"], [("train", "cat"), ("test", "cat")]),
        (["train/cat/1.jpg", "val/cat/1.jpg", "test/cat/2.jpg"], [("train", "cat"), None, ("test", "cat")]),
        (["train/cat/1.jpg", "test/1.jpg"], [("train", "cat"), None]),  # unlabelled test images
        (["train/cat/1.jpg", "test/cat/1.jpg", "docs/x/logo.png"], [("train", "cat"), ("test", "cat"), None]),
        (["train/1.jpg", "plane/1.jpg"], [("train", "train"), ("train", "plane")]),  # trains as a class
        (["logo.png", "cat/1.jpg"], [None, ("train", "cat")]),
    ],
)
def test_layouts(paths: list[str], expected: list[tuple[str, str] | None]) -> None:
    assert places(*paths) == expected


def test_notes_say_what_stands_in_and_what_is_left_out() -> None:
    paths = [("train", "cat", "1.jpg"), ("val", "cat", "1.jpg"), ("test", "1.jpg")]
    assert arrange(paths).notes == (
        "The validation images serve as test images, because there is no test folder with classes.",
        "Left out because they lie outside of the class folders: 1 picture.",
    )


@pytest.mark.parametrize("paths", [["train/1.jpg", "test/1.jpg"], ["test/cat/1.jpg", "test/dog/1.jpg"]])
def test_splits_without_train_classes_are_refused(paths: list[str]) -> None:
    pieces = [tuple(path.split("/")) for path in paths]
    with pytest.raises(InputError, match="no class folders in train"):
        arrange(pieces)


@given(
    st.lists(st.sampled_from(["around", "my-data"]), max_size=3),
    st.lists(st.tuples(st.sampled_from(["train", "test"]), st.sampled_from("abc"), st.integers(0, 9)), min_size=1),
)
def test_surrounding_folders_change_nothing(around: list[str], files: list[tuple[str, str, int]]) -> None:
    if not any(split == "train" for split, _, _ in files):
        files = [*files, ("train", "a", 0)]
    paths = [(*around, split, label, f"{number}.png") for split, label, number in files]
    assert list(arrange(paths).places) == [(Split(split), label) for split, label, _ in files]
