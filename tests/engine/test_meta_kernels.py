"""Every shortcut kernel gives the shapes and dtypes that the real kernel gives on the CPU."""

import pytest
import torch
from torch import Tensor

from composer.engine.meta_kernels import KERNELS, MetaMode

aten = torch.ops.aten


def f(*shape: int) -> Tensor:
    return torch.rand(shape)


def i(*shape: int) -> Tensor:
    return torch.randint(0, 5, shape)


CASES = [
    (aten.native_layer_norm.default, (f(2, 5, 8), [8], f(8), f(8), 1e-6)),
    (aten.native_layer_norm.default, (f(2, 5, 8), [5, 8], None, None, 1e-6)),
    (aten.native_batch_norm.default, (f(4, 3, 5, 5), f(3), f(3), f(3), f(3), True, 0.1, 1e-5)),
    (aten.native_batch_norm.default, (f(4, 3, 5, 5), f(3), f(3), f(3), f(3), False, 0.1, 1e-5)),
    (aten.addmm.default, (f(7), f(2, 3), f(3, 7))),
    (aten._safe_softmax.default, (f(2, 3), -1)),
    (aten._softmax.default, (f(2, 3), -1, False)),
    *[(op, (f(2, 3),)) for op in (aten.gelu.default, aten.relu.default, aten.silu.default, aten.sigmoid.default)],
    (aten.roll.default, (f(2, 3, 4), [1, 2], [1, 2])),
    (aten.bitwise_not.default, (f(2, 3) > 0.5,)),
    *[(op, (f(2, 3), f(2, 3))) for op in (aten.add.Tensor, aten.sub.Tensor, aten.mul.Tensor)],
    *[(op, (f(2, 1, 3), f(4, 1))) for op in (aten.add.Tensor, aten.sub.Tensor, aten.mul.Tensor)],
    *[(op, (i(2, 3), f(2, 3))) for op in (aten.add.Tensor, aten.mul.Tensor)],
    *[(op, (f(2, 3), 2)) for op in (aten.add.Scalar, aten.sub.Scalar, aten.mul.Scalar, aten.remainder.Scalar)],
    *[(op, (i(2, 3), 2)) for op in (aten.add.Scalar, aten.sub.Scalar, aten.mul.Scalar, aten.remainder.Scalar)],
    *[(op, (i(2, 3), 2.5)) for op in (aten.add.Scalar, aten.mul.Scalar)],
    *[(getattr(aten, name).Scalar, (i(2, 3), 2)) for name in ("ge", "gt", "le", "lt", "eq", "ne")],
    *[(getattr(aten, name).Tensor, (i(2, 3), i(4, 1, 3))) for name in ("ge", "gt", "le", "lt", "eq", "ne")],
    (aten.masked_fill.Scalar, (f(2, 3), f(2, 3) > 0.5, -1.0)),
    (aten.masked_fill.Scalar, (f(2, 3), f(3) > 0.5, -1.0)),
    (aten.cat.default, ([f(2, 3), f(2, 4)], 1)),
    (aten.cat.default, ([f(2, 3), f(1, 3)],)),
    (aten.mean.dim, (f(2, 3, 4), [1, 2])),
    (aten.mean.dim, (f(2, 3, 4), [-1], True)),
    (aten.where.self, (f(2, 3) > 0.5, f(2, 3), f(3))),
    (aten.uniform_.default, (f(2, 3), 0.0, 1.0)),
    (aten.normal_.default, (f(2, 3), 0.0, 1.0)),
    (aten.fill_.Scalar, (f(2, 3), 0.0)),
]


def described(result: object) -> list[tuple[torch.Size, torch.dtype]]:
    tensors = result if isinstance(result, tuple) else (result,)
    return [(tensor.shape, tensor.dtype) for tensor in tensors if isinstance(tensor, Tensor)]


def on_meta(value: object) -> object:
    if isinstance(value, list) and value and isinstance(value[0], Tensor):
        return [tensor.to("meta") for tensor in value]
    return value.to("meta") if isinstance(value, Tensor) else value


@pytest.mark.parametrize(("op", "arguments"), CASES, ids=[str(op) for op, _ in CASES])
def test_kernel_agrees_with_the_real_one(op: object, arguments: tuple[object, ...]) -> None:
    real = op(*arguments)  # type: ignore[operator]
    with MetaMode():
        quick = op(*[on_meta(value) for value in arguments])  # type: ignore[operator]
    assert described(quick) == described(real)


def test_every_kernel_has_a_case() -> None:
    assert set(KERNELS) == {op for op, _ in CASES}


def test_wrong_sizes_still_raise_the_real_message() -> None:
    with MetaMode(), pytest.raises(RuntimeError, match="reduction dim"):
        torch.addmm(torch.empty(7, device="meta"), torch.empty(2, 3, device="meta"), torch.empty(4, 7, device="meta"))
    with MetaMode(), pytest.raises(RuntimeError):
        torch.empty(2, 3, device="meta") + torch.empty(4, 5, device="meta")
