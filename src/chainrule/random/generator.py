"""`Generator`: the stream of random numbers, MT19937 as PyTorch draws from it on a CPU.

NumPy's MT19937, seeded as `RandomState(seed)`, is the same generator. What is PyTorch's own is how
numbers are made from draws: a float32 uniform is the low 24 bits of a draw, a float64 uniform the low
53 bits of two; normals are in `box_muller.py`, but fewer than 16 of them come one after the other from
pairs of float64 uniforms, and the second of a pair is kept for the next call.

NumPy's generator is made on first use: importing `numpy.random` takes as long as the rest of this library.
"""

from __future__ import annotations

import math
import operator
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from .. import record
from ..device import CPU, check_device
from ..device import device as device_class
from ..graph import TensorBase

Array = np.ndarray[Any, Any]

DEFAULT_SEED = 67280421310721
WORDS = 624  # of the state of MT19937
PAIRS_ONE_BY_ONE = 64  # up to here a loop is quicker, and `math` has PyTorch's very bits
_RAW = 2000  # up to here `random_raw` is quicker than `integers`

# The bytes of `get_state`, PyTorch's `CPUGeneratorImplState`.
_LAYOUT = np.dtype(
    {
        "names": ["seed", "left", "seeded", "next", "words", "normal", "has_normal"],
        "formats": ["<u8", "<i4", "<i4", "<u8", ("<u8", WORDS), "<f8", "<i4"],
        "offsets": [0, 8, 12, 16, 24, 5024, 5040],
        "itemsize": 5056,
    }
)


class Generator:
    """A stream of random numbers, the same from the same seed as PyTorch's on a CPU.

    May be used from several threads; a call takes the numbers it needs in one go.

    >>> import chainrule as cr
    >>> g = cr.Generator().manual_seed(0)
    >>> cr.rand(3, generator=g)
    tensor([0.4963, 0.7682, 0.0885])
    """

    __slots__ = ("__weakref__", "_bits", "_legacy", "_modern", "_seed", "_seeded", "kept", "lock")

    def __init__(self, device: Any = "cpu"):
        check_device(device)
        self.lock = threading.RLock()
        self._bits: Any = None
        self._restart(DEFAULT_SEED)

    def _restart(self, seed: int) -> None:
        self._seed = seed
        self._seeded = False  # NumPy's generator has yet to hear of it
        self.kept: float | None = None  # the second normal of a pair

    def _source(self) -> Any:
        """NumPy's bit generator, in the state that is due."""
        if not self._seeded:
            if self._bits is None:
                self._bits = np.random.MT19937(0)
                self._legacy = np.random.RandomState(self._bits)
                self._modern = np.random.Generator(self._bits)
            self._legacy.seed(self._seed & 0xFFFFFFFF)
            self._seeded = True
        return self._bits

    # ── PyTorch's interface ─────────────────────────────────────────────────────────────────────

    @property
    def device(self) -> device_class:
        """Where it draws: always the CPU."""
        return CPU

    def manual_seed(self, seed: int) -> Generator:
        """Start again from a seed (64 bits, negative ones count from 2⁶⁴ down); returns the generator."""
        if isinstance(seed, float):
            seed = int(seed)
        seed = operator.index(seed)
        if not -(2**63) <= seed < 2**64:
            raise ValueError(f"Overflow when unpacking long long: the seed {seed} does not fit into 64 bits")
        with self.lock:
            self._restart(seed % 2**64)
        return self

    def seed(self) -> int:
        """Start again from a seed of the operating system's, and return it."""
        self.manual_seed(seed := int.from_bytes(os.urandom(8), "little"))
        return seed

    def initial_seed(self) -> int:
        """The seed that it was last started from."""
        return self._seed

    def get_state(self) -> Any:
        """The state as a uint8 tensor of 5056 bytes, laid out as PyTorch's."""
        with self.lock:
            state = self._source().state["state"]
            kept = self.kept
        packed = np.zeros((), _LAYOUT)
        done = state["pos"]  # WORDS: all are used up, or none was drawn yet
        packed["seed"], packed["seeded"], packed["words"] = self._seed, 1, state["key"]
        packed["left"], packed["next"] = (1, 0) if done == WORDS else (WORDS + 1 - done, done)
        if kept is not None:
            packed["normal"], packed["has_normal"] = kept, 1
        return record.wrap(np.frombuffer(packed.tobytes(), np.uint8).copy())

    def set_state(self, new_state: Any) -> None:
        """Continue from what `get_state` returned, here or in PyTorch.

        Raises TypeError for anything but a uint8 tensor, RuntimeError for one that is no state.
        """
        if not isinstance(new_state, TensorBase) or new_state._data.dtype != np.uint8:
            raise TypeError("RNG state must be a torch.ByteTensor, as get_state() returns it")
        raw = np.ascontiguousarray(new_state._data).reshape(-1)
        if raw.size != _LAYOUT.itemsize:
            raise RuntimeError(
                f"Expected a CPUGeneratorImplState of size {_LAYOUT.itemsize} but found the input RNG state size "
                f"to be {raw.size}"
            )
        packed = raw.view(_LAYOUT)[0]
        left, done = int(packed["left"]), int(packed["next"])
        if not packed["seeded"] or not 0 < left <= WORDS or done > WORDS:
            raise RuntimeError("Invalid mt19937 state: these bytes do not come from get_state()")
        with self.lock:
            bits = self._source()
            key = packed["words"].astype(np.uint32)
            bits.state = {"bit_generator": "MT19937", "state": {"key": key, "pos": WORDS if left == 1 else done}}
            self._seed = int(packed["seed"])
            self.kept = float(packed["normal"]) if packed["has_normal"] else None

    def clone_state(self) -> Generator:
        """A generator of its own in the same state."""
        twin = Generator()
        twin.set_state(self.get_state())
        return twin

    def __getstate__(self) -> Any:
        return self.get_state()

    def __setstate__(self, state: Any) -> None:
        self.__init__()  # type: ignore[misc]
        self.set_state(state)

    # ── numbers, as arrays ──────────────────────────────────────────────────────────────────────

    def draws32(self, n: int) -> Array:
        """n draws as uint32."""
        with self.lock:
            bits = self._source()
            if n <= _RAW:
                return bits.random_raw(n).astype(np.uint32)
            return self._modern.integers(0, 2**32, n, np.uint32)

    def draws64(self, n: int) -> Array:
        """n numbers of 64 bits, the first of two draws on top."""
        with self.lock:
            bits = self._source()
            if n <= _RAW:
                pairs = bits.random_raw(2 * n)
                return (pairs[::2] << np.uint64(32)) | pairs[1::2]
            return self._modern.integers(0, 2**64, n, np.uint64)

    def uniforms(self, n: int, dtype: Any) -> Array:
        """n numbers in [0, 1): float64 from two draws each, float32 (for float16 too) from one."""
        if dtype == np.float64:
            bits = self.draws64(n)
            bits &= np.uint64(2**53 - 1)
            out = bits.astype(np.float64)
            out *= 2.0**-53
        else:
            bits = self.draws32(n)
            bits &= np.uint32(2**24 - 1)
            out = bits.astype(np.float32)
            out *= np.float32(2**-24)
        return out

    def normals(self, n: int) -> Array:
        """n standard normals as float64, one after the other from pairs of uniforms."""
        with self.lock:
            before = [] if self.kept is None or not n else [self.kept]
            pairs = (n - len(before) + 1) // 2
            u = self.uniforms(2 * pairs, np.float64).reshape(pairs, 2)
            found = _few_pairs(u) if pairs <= PAIRS_ONE_BY_ONE else _many_pairs(u)
            if n:
                self.kept = float(found[-1]) if len(before) + 2 * pairs > n else None
            return np.concatenate([before, found[: n - len(before)]]) if before else found[:n]


def _few_pairs(u: Array) -> Array:
    out = []
    for first, second in u.tolist():
        radius = math.sqrt(-2.0 * math.log1p(-second))
        angle = 2.0 * math.pi * first
        out += [radius * math.cos(angle), radius * math.sin(angle)]
    return np.array(out)


def _many_pairs(u: Array) -> Array:
    radius = np.sqrt(-2.0 * np.log1p(-u[:, 1]))
    angle = 2.0 * np.pi * u[:, 0]
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).reshape(-1)


# ── the generator that everything draws from unless told otherwise ──────────────────────────────

default_generator = Generator()
default_generator.seed()


def manual_seed(seed: int) -> Generator:
    """Start the default generator from a seed; from then on the numbers are PyTorch's.

    >>> import chainrule as cr
    >>> _ = cr.manual_seed(42)
    >>> cr.randn(2)
    tensor([0.3367, 0.1288])
    """
    return default_generator.manual_seed(seed)


def seed() -> int:
    """Start the default generator from a seed of the operating system's, and return it."""
    return default_generator.seed()


def initial_seed() -> int:
    """The seed that the default generator was last started from."""
    return default_generator.initial_seed()


def get_rng_state() -> Any:
    """The state of the default generator, a uint8 tensor with PyTorch's layout."""
    return default_generator.get_state()


def set_rng_state(new_state: Any) -> None:
    """Let the default generator continue from a state of `get_rng_state`."""
    default_generator.set_state(new_state)


@contextmanager
def fork_rng(devices: Any = None, enabled: bool = True, device_type: str = "cpu") -> Iterator[None]:
    """Draw inside the block without advancing the default generator."""
    if not enabled:
        yield
        return
    state = get_rng_state()
    try:
        yield
    finally:
        set_rng_state(state)
