"""What section III-E says that LeNet-5 withstands, done to test images: scale, shifts, rotation, stroke width, noise.

All act on the network's whole 32x32 field, so that what the paper calls a large variation has room; what is carried
beyond the field is lost, and `ink_kept` says how much. Scaling and rotation are about the centre of mass of each image
itself. Grey levels are interpolated linearly, and an image that shrinks is smoothed first, as anti-aliasing would.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import affine_transform, distance_transform_edt, gaussian_filter, zoom

from lenet1998.distortions import inverted, padded

FIELD = 32
_FINER = 2  # how much finer the grid is on which strokes are drawn again


@dataclass(frozen=True)
class Perturbation:
    """`apply` takes images uint8 (P, 28, 28), one of `values` and a random stream to uint8 (P, 32, 32).

    `neutral` is the value that changes nothing; `done` says what another has done.
    """

    name: str
    axis: str
    done: str
    values: tuple[float, ...]
    neutral: float
    apply: Callable[[np.ndarray, float, np.random.Generator], np.ndarray]


def scaled(images: np.ndarray, factor: float, rng: np.random.Generator | None = None) -> np.ndarray:
    """Each image larger by `factor` about its centre of mass; below 1 it is first smoothed, by a Gaussian whose
    deviation is half of what a pixel of the result spans beyond one."""
    sigma = max(0.0, (1 / factor - 1) / 2)
    return _mapped(images, np.eye(2) / factor, smooth=sigma)


def rotated(images: np.ndarray, degrees: float, rng: np.random.Generator | None = None) -> np.ndarray:
    """Each image turned counter-clockwise about its centre of mass."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return _mapped(images, np.array([[cosine, sine], [-sine, cosine]]))


def shifted_down(images: np.ndarray, pixels: float, rng: np.random.Generator | None = None) -> np.ndarray:
    """Each image moved downwards."""
    return _mapped(images, np.eye(2), (pixels, 0))


def shifted_right(images: np.ndarray, pixels: float, rng: np.random.Generator | None = None) -> np.ndarray:
    """Each image moved to the right."""
    return _mapped(images, np.eye(2), (0, pixels))


def _mapped(
    images: np.ndarray, backward: np.ndarray, shift: tuple[float, float] = (0, 0), smooth: float = 0
) -> np.ndarray:
    """The affine map about each centre of mass, then the shift; `backward` says where an output pixel comes from."""
    fields = padded(images, FIELD)
    out = np.empty_like(fields)
    for image, field in zip(out, fields, strict=True):
        centre = centre_of_mass(field)
        source = gaussian_filter(field.astype(np.float32), smooth) if smooth else field.astype(np.float32)
        offset = centre - backward @ (centre + shift)
        image[...] = np.rint(affine_transform(source, backward, offset, order=1))
    return out


def centre_of_mass(image: np.ndarray) -> np.ndarray:
    """Row and column of the centre of mass of one image (H, W), float64 (2,); its middle if it has no ink.

    >>> centre_of_mass(np.eye(4, dtype=np.uint8)).tolist()
    [1.5, 1.5]
    """
    total = image.sum(dtype=np.float64)
    if not total:
        return (np.array(image.shape) - 1) / 2
    rows, columns = image.sum(axis=1, dtype=np.float64), image.sum(axis=0, dtype=np.float64)
    return np.array([rows @ np.arange(len(rows)), columns @ np.arange(len(columns))]) / total


def thickened(images: np.ndarray, pixels: float, rng: np.random.Generator | None = None) -> np.ndarray:
    """Each image with strokes wider by so many pixels, or thinner where that is below 0.

    The outline is where the grey level, interpolated to a grid twice as fine, is half of full ink. It is moved by half
    the change along its distance transform, and drawn again with edges one pixel wide. So 0 redraws the image too.
    """
    out = np.empty((len(images), FIELD, FIELD), np.uint8)
    for image, field in zip(out, padded(images, FIELD), strict=True):
        inside = zoom(field.astype(np.float32), _FINER, order=1, grid_mode=True, mode="grid-constant") >= 127.5
        beyond = np.where(inside, 0.5 - distance_transform_edt(inside), distance_transform_edt(~inside) - 0.5)
        if not inside.any():
            beyond[...] = np.inf
        ink = np.clip(0.5 + pixels / 2 - beyond / _FINER, 0, 1)
        image[...] = np.rint(255 * ink.reshape(FIELD, _FINER, FIELD, _FINER).mean(axis=(1, 3)))
    return out


def noisy(images: np.ndarray, percent: float, rng: np.random.Generator) -> np.ndarray:
    """Each pixel of the field inverted with that probability."""
    return inverted(padded(images, FIELD), percent / 100, rng)


def _steps(first: float, last: float, step: float) -> tuple[float, ...]:
    return tuple(float(value) for value in np.round(np.arange(first, last + step / 2, step), 6))


PERTURBATIONS = (
    Perturbation("scale", "scale factor", "scaled by {:g}", _steps(0.4, 2.2, 0.1), 1.0, scaled),
    Perturbation(
        "vertical shift", "shift downwards (pixels)", "moved down by {:g} pixels", _steps(-12, 12, 1), 0.0, shifted_down
    ),
    Perturbation(
        "horizontal shift",
        "shift to the right (pixels)",
        "moved right by {:g} pixels",
        _steps(-12, 12, 1),
        0.0,
        shifted_right,
    ),
    Perturbation(
        "rotation", "rotation counter-clockwise (degrees)", "turned by {:g} degrees", _steps(-60, 60, 5), 0.0, rotated
    ),
    Perturbation(
        "stroke width",
        "change of stroke width (pixels)",
        "with strokes changed by {:+g} pixels",
        _steps(-3, 5, 0.5),
        0.0,
        thickened,
    ),
    Perturbation("noise", "pixels inverted (%)", "with {:g}% of pixels inverted", _steps(0, 40, 5), 0.0, noisy),
)
"""The six panels, in their order."""


def perturbed(images: np.ndarray, what: Perturbation, value: float) -> np.ndarray:
    """The images under one perturbation, uint8 (P, 32, 32); its noise is the same whenever it is asked for."""
    return what.apply(images, value, np.random.default_rng([13, round(100 * abs(value))]))


def ink_kept(images: np.ndarray, perturbed: np.ndarray) -> float:
    """Ink of the perturbed images as a share of what there was, 1.0 where nothing left the field and nothing grew."""
    return float(perturbed.sum(dtype=np.float64) / images.sum(dtype=np.float64))
