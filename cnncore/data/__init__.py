"""Where images come from and what is done to them before a network sees them.

`images`       ImageData: two splits of uint8 images (N, C, H, W) and their labels
`catalogue`    the data sets that are known by name: CIFAR-10, MNIST, Fashion-MNIST
`prepared`     load, save and list data sets on this machine
`builtin`      the set that the program draws itself
`folders`      images in a folder, zip or tar of class folders
`download`     a file from an address, resumable
`originals`    the known sets from their authors' files, through torchvision
`sources`      prepare: from a name and a source to a prepared data set
`preparation`  the same in a process of its own, for the page
`standardize`, `augmentation`, `transform`    what happens to the pixels
"""

from cnncore.data.images import ImageData
from cnncore.data.prepared import DatasetInfo, datasets, load, save

__all__ = ["DatasetInfo", "ImageData", "datasets", "load", "save"]
