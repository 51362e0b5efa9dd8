"""Noisy elliptical rings about a round galaxy, in two bands."""

import hashlib

import numpy as np

import zoo_core as zoo

from . import HEADS, SIZE

__all__ = ["Rings"]

PIXEL_SCALE = 0.15  # arcsec
RING, GALAXY = np.array([6.0, 3.0]), np.array([4.0, 12.0])  # peak in g and i, in units of the noise


class Rings(zoo.Dataset):
    """Image `k` depends on (seed, k) alone."""

    description = zoo.Description("second_rings", "1", "regression", "simulated", ("g", "i"), PIXEL_SCALE, HEADS)

    def __init__(self, n: int, seed: int):
        self.n, self.seed = n, seed

    def __len__(self) -> int:
        """Number of images."""
        return self.n

    def read(self, rows: np.ndarray) -> np.ndarray:
        """See `Dataset.read`."""
        return np.stack([self._image(k) for k in rows.tolist()])

    def truth(self) -> dict[str, np.ndarray]:
        """See `Dataset.truth`."""
        parameters = np.array([self._drawn(k)[0] for k in range(self.n)])
        ids = np.array([f"ring_{self.seed}_{k}" for k in range(self.n)])
        return {"id": ids, "theta_E": parameters[:, 0], "q": parameters[:, 1]}

    def fingerprint(self) -> str:
        """See `Dataset.fingerprint`."""
        return hashlib.sha256(
            f"{self.description.name} {self.description.version} {self.seed} {self.n}".encode()
        ).hexdigest()

    def _drawn(self, k: int) -> tuple[tuple[float, float, float], np.random.Generator]:
        generator = np.random.Generator(np.random.Philox(key=[self.seed, k]))
        theta_E, q, phi = generator.uniform((0.5, 0.5, 0.0), (1.8, 1.0, np.pi))
        return (theta_E, q, phi), generator

    def _image(self, k: int) -> np.ndarray:
        (theta_E, q, phi), generator = self._drawn(k)
        y, x = (np.indices((SIZE, SIZE)) - (SIZE - 1) / 2) * PIXEL_SCALE
        along, across = x * np.cos(phi) + y * np.sin(phi), y * np.cos(phi) - x * np.sin(phi)
        ring = np.exp(-((np.sqrt(q * along**2 + across**2 / q) - theta_E) ** 2) / (2 * 0.2**2))
        galaxy = np.exp(-np.hypot(x, y) / 0.3)
        light = RING[:, None, None] * ring + GALAXY[:, None, None] * galaxy
        return (light + generator.normal(size=light.shape)).astype(np.float32)
