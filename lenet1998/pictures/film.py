"""A film of an image that crosses the network's field, as the authors' of 1993: its frames are drawn as Figure 2."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from matplotlib import rc_context
from matplotlib.animation import PillowWriter
from tqdm import tqdm

from lenet1998.files import write_atomically
from lenet1998.network import Network
from lenet1998.pictures.activations import activations, codes_of
from lenet1998.pictures.activations_figure import figure_of
from lenet1998.pictures.plotting import style


def crossing(image: np.ndarray, side: int) -> np.ndarray:
    """The image uint8 (H, W) entering an empty field from the left and leaving it on the right, pixel by pixel.

    Returns uint8 (side + W + 1, side, side); the first field and the last are empty.

    >>> fields = crossing(np.full((28, 28), 255, np.uint8), 32)
    >>> fields.shape, int(fields.any(axis=(1, 2)).sum())
    ((61, 32, 32), 59)
    """
    height, width = image.shape
    strip = np.zeros((side, 2 * side + width), np.uint8)
    top = (side - height) // 2
    strip[top : top + height, side : side + width] = image
    starts = range(side + width, -1, -1)
    return np.stack([strip[:, start : start + side] for start in starts])


def film(
    network: Network, image: np.ndarray, title: str, path: Path, quiet: bool = False, names: Sequence[str] = ()
) -> None:
    """A GIF of the image uint8 (H, W) crossing the network's field, as in the authors' film of 1993, with a bar.

    Raises DataError where the image does not fit, and LeNetError where the file cannot be written.
    """
    network.input.maps(image[None])  # raises where it does not fit
    stages = activations(network, crossing(image, network.input.side))
    frames = range(len(stages[0].values))
    figure, drawing = figure_of(stages, codes_of(network), title, names)
    writer = PillowWriter(fps=12)
    with style(), rc_context({"savefig.bbox": None}), TemporaryDirectory() as folder:  # all frames have one size
        whole = Path(folder) / "film.gif"
        with writer.saving(figure, str(whole), dpi=100):
            for frame in tqdm(frames, desc="frames", unit="", disable=quiet):
                drawing.show(stages, frame)
                writer.grab_frame()
                figure.set_layout_engine("none")  # the layout of the first serves all
        write_atomically(path, whole.read_bytes())
