"""The images of DeepLense: `deeplense`, by class, and `deeplense_mass`, with the logarithm of a mass.

Models I to IV have the folders no_sub, cdm and axion; the sets of evaluation tests and hackathons no, sphere and vort,
or no, cdm and axion. A file holds one image: (H, W), (1, H, W) or, of Model IV, (H, W, 3). Files of axion lenses are
object arrays `[image, mass]`. Models II and III hold no noise: metrics on them tell little about any telescope.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import DatasetError, ImageReadError, ImageShapeError
from ...images.image import RawImage, to_float32
from ...images.source import Source
from ...interfaces import Dataset, Description
from ...tasks import Heads
from .files import FileDataset
from .image_and_mass import read_image_and_mass

__all__ = ["DeepLenseSource", "deeplense", "deeplense_mass"]

CLASSES = (("no_sub", "cdm", "axion"), ("no", "sphere", "vort"), ("no", "cdm", "axion"))
COLOURS = ("red", "green", "blue")


@dataclass(frozen=True, slots=True)
class DeepLenseSource(Source):
    """A file of one image, or of an image and a mass."""

    path: str

    @property
    def id(self) -> str:
        """The file's stem."""
        return Path(self.path).stem

    @property
    def key(self) -> str:
        """The path."""
        return self.path

    @property
    def paths(self) -> tuple[str, ...]:
        """The path alone."""
        return (self.path,)

    def load(self, n_bands: int) -> RawImage:
        """The image, its bands first."""
        array = read_image_and_mass(self.path)[0]
        array = array[None] if array.ndim == 2 else array
        if array.ndim == 3 and array.shape[0] != n_bands and array.shape[-1] == n_bands:
            array = np.moveaxis(array, -1, 0)
        if array.ndim != 3 or array.shape[0] != n_bands:
            raise ImageShapeError(f"{self.path}: shape {array.shape} is not an image of {n_bands} band(s)")
        return RawImage(self.id, self.path, to_float32(array, self.path))


def deeplense(path: str | Path, pixel_scale: float | None = None, colours: bool = False) -> FileDataset:
    """Lenses without substructure, with subhalos and with an axion vortex.

    Arguments:
        path: the folder that holds a folder for each class, such as Model_I_test.
        pixel_scale: arcsec; 0.05 for Model I. The files do not say.
        colours: of Model IV, three bands.

    Raises:
        DatasetError: no folders of a known set of classes, or a class without images.
    """
    root = Path(path).expanduser()
    classes = next((names for names in CLASSES if all((root / name).is_dir() for name in names)), None)
    if classes is None:
        known = "; ".join(", ".join(names) for names in CLASSES)
        raise DatasetError(f"deeplense: {root} lacks the folders of the classes; it should hold one of: {known}")
    files = [_files(root / name) for name in classes]
    labels = np.repeat(np.arange(len(classes)), [len(found) for found in files])
    sources = [DeepLenseSource(str(file)) for found in files for file in found]
    bands = COLOURS if colours else ("VIS",)
    heads = Heads(classes=classes)
    description = Description(
        name="deeplense",
        version="1",
        task="classification",
        domain="simulated",
        bands=bands,
        pixel_scale=pixel_scale,
        heads=heads,
    )
    return FileDataset(description, sources, labels)


def deeplense_mass(
    path: str | Path, images: str = "images.npy", labels: str = "labels.npy", pixel_scale: float | None = None
) -> "MassDataset":
    """Lenses with the logarithm of a mass to regress.

    Arguments:
        path: a folder of axion files, `[image, mass]` each; or one with two arrays, of the images (N, 1, H, W) and of
            log10 of their masses (N, 1).
        images, labels: names of these arrays.
        pixel_scale: arcsec.

    Raises:
        DatasetError: there is neither, or the arrays do not belong together.
    """
    root = Path(path).expanduser()
    if (root / images).is_file() and (root / labels).is_file():
        return MassDataset(*_arrays(root / images, root / labels), pixel_scale)
    files = _files(root)
    pairs = [_pair(file) for file in files]
    masses = np.array([_log10(mass, file) for (_, mass), file in zip(pairs, files, strict=True)])
    return MassDataset(np.stack([image for image, _ in pairs])[:, None], masses, [f.stem for f in files], pixel_scale)


class MassDataset(Dataset):
    """Images (N, 1, H, W) and log10 of a mass each."""

    def __init__(self, pixels: np.ndarray, masses: np.ndarray, ids: list[str], pixel_scale: float | None):
        heads = Heads(parameters=("log10_mass",), units=("dex",))
        self.description = Description(
            name="deeplense_mass",
            version="1",
            task="regression",
            domain="simulated",
            bands=("VIS",),
            pixel_scale=pixel_scale,
            heads=heads,
        )
        self.pixels, self.masses, self.ids = pixels, masses.astype(np.float64), ids

    def __len__(self) -> int:
        return len(self.masses)

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Images of these rows."""
        return np.ascontiguousarray(self.pixels[rows], dtype=np.float32)

    def truth(self) -> dict[str, np.ndarray]:
        """`id` and `log10_mass`."""
        return {"id": np.array(self.ids), "log10_mass": self.masses}

    @property
    def paths(self) -> tuple[str, ...]:
        """Paths of the images."""
        return (str(self.pixels.filename),) if isinstance(self.pixels, np.memmap) else ()

    def fingerprint(self) -> str:
        """sha256 of the names, the masses and the shape of the images."""
        about = self.description
        digest = hashlib.sha256(f"{about.name} {about.version} {self.pixels.shape}".encode())
        digest.update("\n".join(self.ids).encode() + self.masses.astype("<f8").tobytes())
        return digest.hexdigest()


def _arrays(images: Path, labels: Path) -> tuple[np.ndarray, np.ndarray, list[str]]:
    try:
        pixels = np.load(images, mmap_mode="r", allow_pickle=False)
        masses = np.load(labels, allow_pickle=False).reshape(-1)
    except (ValueError, OSError) as error:
        raise DatasetError(f"deeplense_mass: {images} and {labels} cannot be read: {error}") from error
    if pixels.ndim != 4 or pixels.shape[1] != 1 or len(masses) != len(pixels):
        raise DatasetError(
            f"deeplense_mass: images {pixels.shape} and masses {masses.shape} are not (N, 1, H, W) and N"
        )
    return pixels, masses, [f"{images.stem}-{row:06d}" for row in range(len(masses))]


def _pair(file: Path) -> tuple[np.ndarray, float | None]:
    try:
        return read_image_and_mass(file)
    except ImageReadError as error:
        raise DatasetError(f"deeplense_mass: {error}") from error


def _log10(mass: float | None, file: Path) -> float:
    """The logarithm of a mass in eV; a negative number is one already."""
    if mass is None:
        raise DatasetError(f"deeplense_mass: {file} holds an image without a mass; only axion files have one")
    return float(np.log10(mass)) if mass > 0 else mass


def _files(folder: Path) -> list[Path]:
    found = sorted(folder.glob("*.npy"))
    if not found:
        raise DatasetError(f"deeplense: {folder} holds no NPY file; unpack the images into it")
    return found
