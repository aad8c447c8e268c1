"""A heat over its image, and in words what each of the three kinds can say and cannot."""

import numpy as np
from numpy.typing import NDArray

from cnncore.figures.filtering import BRIGHTNESS
from cnncore.figures.palette import KERNEL
from cnncore.inspection.heats import Heat
from cnncore.wording import number

SHARE = 0.99  # of the pixels lie below the value that is drawn at full strength
CAN_SAY = {
    "Gradient": (
        "which pixels would move the score if they changed *a very little*, here and now",
        "how much the answer depends on a whole part of the object: the score may be flat there, and steep at an edge",
    ),
    "SmoothGrad": (
        "the same, steadier: what the gradients of many slightly noisy copies have in common",
        "more than a gradient can; what is smoothed away is partly noise and partly what the network really does",
    ),
    "Occlusion": (
        "what *really happens* to the probability when a place is covered: an experiment, not a derivative",
        "finer than its patch; and a grey patch is itself something that the network has never seen",
    ),
}


def heat_over(image: NDArray[np.uint8], heat: Heat) -> tuple[NDArray[np.uint8], float]:
    """Return the heat (H, W) over the dimmed grey image (C, H, W) as a picture (3, H, W), and its strongest value.

    The colour's strength is proportional to the heat, from 0 and below (none) to the value that one pixel in a hundred
    exceeds (full). Where all is 0 that value is 0.
    """
    most = max(float(np.quantile(heat, SHARE)), 0.0)
    strength = np.clip(heat / (most or 1.0), 0, 1)
    grey = np.tensordot(BRIGHTNESS, image, 1) if len(image) == 3 else image[0].astype(np.float64)
    paper = 30 + 0.45 * grey  # (H, W)
    colour = np.array([int(KERNEL[at : at + 2], 16) for at in (1, 3, 5)], float)[:, None, None]
    return np.rint(paper + (colour - paper) * strength).astype(np.uint8), most


def gradient_text(smooth: bool, most: float) -> str:
    """Return what stands below a gradient: what the full colour means, in score per unit of a pixel."""
    return f"{'SmoothGrad' if smooth else 'Gradient'}: {number(most)}"


def occlusion_text(most: float) -> str:
    """Return what stands below an occlusion: what the full colour means, in points of probability."""
    points = 100 * most
    return f"Occlusion: −{points:.0f} points" if points >= 1 else f"Occlusion: −{points:.1g} points"
