"""The data sets that have a name here before anybody prepares them, and where their originals are."""

from dataclasses import dataclass

from cnncore.data.images import Shape


@dataclass(frozen=True)
class Original:
    """One file of a data set as its authors published it.

    `md5` is torchvision's sum of the file; `unpacked` the sum of what a .gz file holds, for copies that somebody
    has unpacked or packed again.
    """

    name: str
    md5: str
    unpacked: str = ""


@dataclass(frozen=True)
class Known:
    """A well-known data set: what it holds, which files it is made of, and the addresses that serve them.

    Each address is a folder, to which a file's name is appended. `folders` are the places, inside a folder that
    somebody points at, where the unpacked originals may lie.
    """

    name: str
    title: str
    shape: Shape
    classes: tuple[str, ...]
    train_size: int
    test_size: int
    note: str
    originals: tuple[Original, ...] = ()
    addresses: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()


CIFAR10 = Known(
    "cifar10",
    "CIFAR-10",
    (3, 32, 32),
    ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
    50_000,
    10_000,
    "Colour photographs of ten kinds of things (Krizhevsky 2009). The host is slow, about an hour for 170 MB: "
    "a mirror or a copy of cifar-10-python.tar.gz is the better way.",
    (Original("cifar-10-python.tar.gz", "c58f30108f718f92721af3b95e74349a"),),
    ("https://www.cs.toronto.edu/~kriz/",),
    ("cifar-10-batches-py", "."),
)
MNIST = Known(
    "mnist",
    "MNIST",
    (1, 28, 28),
    tuple("0123456789"),
    60_000,
    10_000,
    "Handwritten digits, grey (LeCun et al. 1998), 12 MB.",
    (
        Original("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873", "6bbc9ace898e44ae57da46a324031adb"),
        Original("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432", "a25bea736e30d166cdddb491f175f624"),
        Original("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3", "2646ac647ad5339dbf082846283269ea"),
        Original("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c", "27ae3e4e09519cfbb04c329615203637"),
    ),
    ("https://ossci-datasets.s3.amazonaws.com/mnist/", "http://yann.lecun.com/exdb/mnist/"),
    (".", "raw", "MNIST/raw"),
)
FASHION_MNIST = Known(
    "fashion-mnist",
    "Fashion-MNIST",
    (1, 28, 28),
    ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    60_000,
    10_000,
    "Pictures of clothes, grey (Xiao et al. 2017): made as a harder stand-in for MNIST, 31 MB.",
    (
        Original("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d", "f4a8712d7a061bf5bd6d2ca38dc4d50a"),
        Original("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe", "9018921c3c673c538a1fc5bad174d6f9"),
        Original("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79", "8181f5470baa50b63fa0f6fddb340f0a"),
        Original("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310", "15d484375f8d13e6eb1aabb0c3f46965"),
    ),
    ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",),
    (".", "raw", "FashionMNIST/raw"),
)
KNOWN: dict[str, Known] = {known.name: known for known in (CIFAR10, MNIST, FASHION_MNIST)}
# Drawn by `cnncore.data.builtin` on first use; a test holds these numbers against what it draws.
BUILTIN = Known(
    "builtin",
    "Built-in objects",
    (3, 32, 32),
    ("boat", "butterfly", "car", "cat", "fish", "flower", "house", "mushroom", "tree", "umbrella"),
    5_000,
    1_000,
    "Drawn by the program itself when it is first used: ten kinds of objects, no download.",
)
