"""Compares the chunked formats that cutouts could be packed in: writing, reading in order and at random, size.

pip install 'zoo-core[scale]' zarr pylance
python docs/pack_formats.py  # prints the table of docs/scale.md

CPU time is that of the process and its threads, so that other work on the machine does not count; the files are in the
page cache. Every format stores a checksum for each chunk, except where the table says so.
"""

import resource
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import numpy as np

IMAGES, SIDE, BATCH = 4096, 101, 64

Write = Callable[[Path, np.ndarray], None]
Read = Callable[[Path], Callable[[np.ndarray], np.ndarray]]


def write_hdf5(path: Path, images: np.ndarray) -> None:
    """One image a chunk, Fletcher-32."""
    with h5py.File(path, "w") as file:
        file.create_dataset("images", data=images, chunks=(1, *images.shape[1:]), fletcher32=True)


def write_hdf5_packed(path: Path, images: np.ndarray) -> None:
    """Likewise, bytes shuffled and deflated."""
    with h5py.File(path, "w") as file:
        chunks = (1, *images.shape[1:])
        file.create_dataset("images", data=images, chunks=chunks, fletcher32=True, shuffle=True, compression=1)


def read_hdf5(path: Path) -> Callable[[np.ndarray], np.ndarray]:
    """Rows in rising order, as HDF5 wants them."""
    file = h5py.File(path, "r")
    stored = file["images"]
    assert isinstance(stored, h5py.Dataset)
    return lambda rows: stored[rows]


def read_hdf5_plain(path: Path) -> Callable[[np.ndarray], np.ndarray]:
    """One call a row: h5py's selection of many rows is slow."""
    file = h5py.File(path, "r")
    stored = file["images"]
    assert isinstance(stored, h5py.Dataset)

    def read(rows: np.ndarray) -> np.ndarray:
        batch = np.empty((len(rows), *stored.shape[1:]), stored.dtype)
        for place, row in enumerate(rows):
            stored.read_direct(batch, np.s_[row], np.s_[place])
        return batch

    return read


def write_zarr(path: Path, images: np.ndarray) -> None:
    """One image a chunk, 1024 a shard file, CRC-32C."""
    import zarr
    from zarr.codecs import Crc32cCodec

    array = zarr.create_array(
        str(path),
        shape=images.shape,
        dtype=images.dtype,
        chunks=(1, *images.shape[1:]),
        shards=(1024, *images.shape[1:]),
        compressors=[Crc32cCodec()],
    )
    for start in range(0, len(images), 1024):
        array[start : start + 1024] = images[start : start + 1024]


def read_zarr(path: Path) -> Callable[[np.ndarray], np.ndarray]:
    """By orthogonal selection."""
    import zarr

    stored = zarr.open_array(str(path), mode="r")
    return lambda rows: np.asarray(stored.oindex[rows])


def write_lance(path: Path, images: np.ndarray) -> None:
    """A fixed-size list a row; no checksum."""
    import lance
    import pyarrow as pa

    values = pa.array(images.reshape(-1))
    lance.write_dataset(pa.table({"image": pa.FixedSizeListArray.from_arrays(values, images[0].size)}), str(path))


def read_lance(path: Path) -> Callable[[np.ndarray], np.ndarray]:
    """By `take`."""
    import lance

    stored = lance.dataset(str(path))

    def read(rows: np.ndarray) -> np.ndarray:
        column = stored.take(rows.tolist())["image"].combine_chunks()
        return column.flatten().to_numpy().reshape(len(rows), 1, SIDE, SIDE)

    return read


def write_npy(path: Path, images: np.ndarray) -> None:
    """Plain bytes; no checksum, cannot grow: the bound of what is possible."""
    with path.open("wb") as file:
        np.save(file, images)


def read_npy(path: Path) -> Callable[[np.ndarray], np.ndarray]:
    """By a memory map."""
    stored = np.load(path, mmap_mode="r")
    return lambda rows: stored[rows]


FORMATS: dict[str, tuple[Write, Read]] = {
    "HDF5": (write_hdf5, read_hdf5_plain),
    "HDF5, many rows a call": (write_hdf5, read_hdf5),
    "HDF5, deflated": (write_hdf5_packed, read_hdf5_plain),
    "Zarr 3, sharded": (write_zarr, read_zarr),
    "Lance, no checksums": (write_lance, read_lance),
    "NPY, no checksums": (write_npy, read_npy),
}


def cpu() -> float:
    """Seconds that the process and its threads have computed."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def size(path: Path) -> int:
    """Bytes of a file or folder."""
    return path.stat().st_size if path.is_file() else sum(p.stat().st_size for p in path.rglob("*") if p.is_file())


def rate(read: Callable[[np.ndarray], np.ndarray], order: np.ndarray, expected: int) -> float:
    """Images a CPU second; raises unless all pixels are read as they were written."""
    start, found = cpu(), 0
    for rows in np.split(order, len(order) // BATCH):
        found += int(read(rows).sum(dtype=np.float64) * 0) + len(rows)
    spent = cpu() - start
    check = sum(zlib.crc32(read(np.array([row])).tobytes()) for row in range(0, IMAGES, 512))
    assert check == expected
    return found / spent


def lines() -> Iterator[str]:
    """Of the table."""
    rng = np.random.default_rng(0)
    images = rng.normal(size=(IMAGES, 1, SIDE, SIDE)).astype(np.float32)
    expected = sum(zlib.crc32(images[row].tobytes()) for row in range(0, IMAGES, 512))
    ordered = np.arange(IMAGES)
    shuffled = np.concatenate([np.sort(part) for part in np.split(rng.permutation(IMAGES), IMAGES // BATCH)])
    yield "| format | written, images/CPU s | read in order | read at random | bytes / bytes of the pixels |"
    yield "|---|---|---|---|---|"
    for name, (write, reader) in FORMATS.items():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "pack"
            start = cpu()
            write(path, images)
            written = IMAGES / (cpu() - start)
            read = reader(path)
            rates = rate(read, ordered, expected), rate(read, shuffled, expected)
            yield f"| {name} | {written:.0f} | {rates[0]:.0f} | {rates[1]:.0f} | {size(path) / images.nbytes:.3f} |"


if __name__ == "__main__":
    for line in lines():
        sys.stdout.write(f"{line}\n")
