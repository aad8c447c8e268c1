"""One network's answers to several views of one image, as test-time augmentation asks for them.

For the compute pool: importing this imports torch.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from cnncore.data.transform import centre_window
from cnncore.inspection.forward import check_image
from cnncore.inspection.looked import AnsweredView, Looked
from cnncore.inspection.moment import Moment
from cnncore.inspection.trained import chosen
from cnncore.training.config import TTA, RunConfig
from cnncore.training.tta import LOOKS


def looks(run_id: str | None, moment: Moment | int, config: RunConfig, image: NDArray[np.uint8]) -> Looked:
    """Return the answers to the six views of a uint8 `image` (C, H, W) that `cnncore.training.tta` knows.

    See `cnncore.inspection.trained.chosen` for the network. An `InputError` if the image has another shape.
    """
    found = chosen(run_id, moment, config)
    check_image(found, image)
    pixels = torch.from_numpy(np.array(image))[None]
    images = torch.cat([look.view(pixels) for look in LOOKS[TTA.SHIFTS]])
    with torch.inference_mode():
        chances = found.model(found.inputs(images.numpy())).flatten(1).double().softmax(1).numpy()
    seen = centre_window(images, found.config.augment).numpy()
    return Looked(
        found.data.classes,
        tuple(
            AnsweredView(look.weight, look.mirrored, look.shift, view, answer)
            for look, view, answer in zip(LOOKS[TTA.SHIFTS], seen, chances, strict=True)
        ),
    )
