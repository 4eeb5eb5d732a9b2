"""Local attention of a 7 x 7 footprint, forward and backward, against the same sums over an unfolded map: time and
memory.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from blocks._shared.local_footprint import footprint_logits, footprint_sum, pad_footprint
from tests.benchmarks.measure import Row, child, compare

BATCH, HEADS, WIDTH, SIDE, KERNEL = 2, 4, 16, 48, 7


def make_inputs() -> tuple[Tensor, ...]:
    """Queries, keys and values (N, heads, d, H, W)."""
    torch.manual_seed(0)
    return tuple(torch.randn(BATCH, HEADS, WIDTH, SIDE, SIDE, requires_grad=True) for _ in range(3))


def shifted(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """The implementation of the blocks: one offset at a time."""
    padded_k, padded_v = (pad_footprint(x.flatten(1, 2), KERNEL).unflatten(1, (HEADS, WIDTH)) for x in (k, v))
    return footprint_sum(footprint_logits(q, padded_k, KERNEL).softmax(-1), padded_v, KERNEL)


def unfolded(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """The usual implementation: an unfold with all copies in memory."""
    copies_k, copies_v = (
        F.unfold(x.flatten(1, 2), KERNEL, padding=KERNEL // 2).view(BATCH, HEADS, WIDTH, -1, SIDE, SIDE) for x in (k, v)
    )
    weights = (q[:, :, :, None] * copies_k).sum(2).softmax(2)
    return (weights[:, :, None] * copies_v).sum(3)


_CHILD = """
import json, sys, torch
from tests.benchmarks import local_attention
from tests.benchmarks.memory import Peak
inputs = local_attention.make_inputs()
with Peak() as peak:
    getattr(local_attention, sys.argv[1])(*inputs).sum().backward()
print(json.dumps({"mb": peak.megabytes}))
"""


def run() -> list[Row]:
    """Run both on the same inputs and check that they agree."""
    inputs = make_inputs()
    torch.testing.assert_close(shifted(*inputs), unfolded(*inputs), rtol=1e-4, atol=1e-5)
    time = compare(
        "local attention / unfold",
        lambda: shifted(*inputs).sum().backward(),
        lambda: unfolded(*inputs).sum().backward(),
        rounds=5,
        target=1.0,
        note=f"{BATCH} x {HEADS * WIDTH} x {SIDE} x {SIDE}, footprint {KERNEL} x {KERNEL}",
    )
    memory = [child(_CHILD, name)["mb"] for name in ("shifted", "unfolded")]
    return [time, Row("memory of local attention / unfold", memory[0], memory[1], "MB", 1.0)]
