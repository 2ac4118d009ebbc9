"""Images of any size as the network's 28x28, where a user asks for it: scaled whole, with their aspect kept.

Unlike `pictures.read_image`, which looks for a digit and brings it to MNIST's form (section III-A), this takes an image
as it is: what it shows keeps its place and its share of the field.
"""

import numpy as np
from PIL import Image

from lenet1998.patterns import SIDE


def resized(image: np.ndarray) -> np.ndarray:
    """Return uint8 (H, W) as (28, 28): its longer side fills the field, and the rest has the median of its border.

    >>> image = np.full((64, 48), 7, np.uint8)
    >>> image[20:40, 20:30] = 255
    >>> small = resized(image)
    >>> small.shape, np.unique(small[:, :3]).tolist(), bool(small.max() > 240)
    ((28, 28), [7], True)
    """
    height, width = image.shape
    scale = SIDE / max(height, width)
    high, wide = max(1, round(height * scale)), max(1, round(width * scale))
    border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    field = np.full((SIDE, SIDE), np.median(border), np.uint8)
    top, left = (SIDE - high) // 2, (SIDE - wide) // 2
    # Pillow widens the filter by the reduction, so every pixel counts; this filter cannot overshoot.
    scaled = Image.fromarray(image).resize((wide, high), Image.Resampling.HAMMING)
    field[top : top + high, left : left + wide] = np.asarray(scaled)
    return field
