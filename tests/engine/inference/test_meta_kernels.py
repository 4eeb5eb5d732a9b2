"""Every shortcut kernel gives the shapes and dtypes that the real kernel gives on the CPU."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from composer import paths
from composer.core.blocks.block_file import BlockSpec
from composer.engine.inference.meta_kernels import KERNELS, MetaMode
from composer.engine.library import catalog
from tests.blocks.cases import case

aten = torch.ops.aten


def f(*shape: int) -> Tensor:
    return torch.rand(shape)


def i(*shape: int) -> Tensor:
    return torch.randint(0, 5, shape)


CASES = [
    (aten.native_layer_norm.default, (f(2, 5, 8), [8], f(8), f(8), 1e-6)),
    (aten.native_layer_norm.default, (f(2, 5, 8), [5, 8], None, None, 1e-6)),
    (aten.native_layer_norm.default, (f(2, 8, 5).transpose(1, 2), [8], f(8), f(8), 1e-6)),
    (aten.native_batch_norm.default, (f(4, 3, 5, 5), f(3), f(3), f(3), f(3), True, 0.1, 1e-5)),
    (aten.native_batch_norm.default, (f(4, 3, 5, 5), f(3), f(3), f(3), f(3), False, 0.1, 1e-5)),
    (aten.addmm.default, (f(7), f(2, 3), f(3, 7))),
    (aten.convolution.default, (f(2, 6, 9, 7), f(8, 3, 3, 2), f(8), [2, 1], [1, 0], [1, 2], False, [0, 0], 2)),
    (aten.convolution.default, (f(2, 6, 9), f(6, 1, 3), None, [1], [1], [1], False, [0], 6)),
    *[
        (op, (f(2, 3, *sizes), [3, 2], [2], [1, 0], *hole, ceil))
        for op, hole in ((aten.max_pool2d_with_indices.default, ([1],)), (aten.avg_pool2d.default, ()))
        for sizes in ((7, 9), (8, 8), (6, 5))
        for ceil in (False, True)
    ],
    (aten.max_pool2d_with_indices.default, (f(2, 3, 9, 9), [3], [], [1], [2, 1])),
    (aten.max_pool2d_with_indices.default, (f(2, 3, 9, 9), [3, 3], [2, 2], [1, 1])),
    (aten.avg_pool2d.default, (f(2, 3, 9, 9), [2])),
    (aten.avg_pool2d.default, (f(2, 9, 9, 3).permute(0, 3, 1, 2), [2])),
    (aten.max_pool2d_with_indices.default, (f(2, 9, 9, 3).permute(0, 3, 1, 2), [2])),
    (aten.avg_pool2d.default, (f(2, 9, 3, 9).transpose(2, 3), [2])),
    (
        aten.convolution.default,
        (f(2, 9, 9, 6).permute(0, 3, 1, 2), f(8, 6, 3, 2), f(8), [2, 1], [1, 0], [1, 2], False, [0, 0], 1),
    ),
    (
        aten.convolution.default,
        (f(2, 9, 9, 6).permute(0, 3, 1, 2), f(6, 1, 3, 3), None, [1, 1], [1, 1], [1, 1], False, [0, 0], 6),
    ),
    (
        aten.convolution.default,
        (f(2, 4, 4, 6).permute(0, 3, 1, 2), f(8, 6, 1, 1), f(8), [1, 1], [0, 0], [1, 1], False, [0, 0], 1),
    ),
    (
        aten.convolution.default,
        (f(2, 4, 4, 6).permute(0, 3, 1, 2), f(8, 6, 2, 2), f(8), [2, 2], [0, 0], [1, 1], False, [0, 0], 1),
    ),
    (aten.scatter.value, (f(2, 5), 1, torch.tensor([[1, 2], [0, 4]]), 1.0)),
    (aten.scatter.src, (f(2, 5), 1, torch.tensor([[1, 2], [0, 4]]), f(2, 2))),
    (aten.zeros_like.default, (f(4, 2, 3).transpose(1, 2),)),
    (aten.ones_like.default, (f(2, 3),)),
    (aten.masked_fill.Scalar, (f(3, 4, 4), f(5, 1, 4, 4) > 0.5, -1.0)),
    (aten.topk.default, (f(2, 5, 3), 2, 1)),
    (aten.topk.default, (f(2, 5), 3)),
    (aten.index_select.default, (f(2, 5, 3), 1, torch.tensor([4, 0, 0, 1]))),
    (aten.clone.default, (f(4, 2, 3).transpose(1, 2),)),
    (aten.add_.Tensor, (f(2, 3), f(3))),
    (aten.add_.Tensor, (i(2), 1)),
    (aten.mm.default, (f(2, 3), f(3, 4))),
    (aten.bmm.default, (f(5, 2, 3), f(5, 3, 4))),
    *[
        (getattr(aten, name).default, (f(2, 3).t(),))
        for name in "tanh hardswish hardsigmoid elu leaky_relu neg abs".split()
    ],
    *[(getattr(aten, name).default, (f(2, 3).t(),)) for name in "exp sin cos sqrt rsqrt".split()],
    (aten.clamp.default, (f(2, 3), 0.1, 0.9)),
    (aten.clamp_min.default, (f(2, 3), 0.1)),
    (aten.clamp_max.default, (f(2, 3), 0.1)),
    (aten.pow.Tensor_Scalar, (f(4, 2, 3).transpose(1, 2), 2)),
    (aten.div.Tensor, (f(2, 3), f(3))),
    (aten.addcmul.default, (f(2, 3), f(2, 3), f(2, 3))),
    (aten.addcmul.default, (f(2, 4, 3), f(2, 1, 3), f(3, 4).t())),
    (aten.sub.Tensor, (f(4, 3), f(3, 4).t())),
    (aten.stack.default, ([f(2, 3), f(2, 3)], -1)),
    (aten._safe_softmax.default, (f(2, 3), -1)),
    (aten._softmax.default, (f(2, 3), -1, False)),
    *[(op, (f(2, 3),)) for op in (aten.gelu.default, aten.relu.default, aten.silu.default, aten.sigmoid.default)],
    (aten.roll.default, (f(2, 3, 4), [1, 2], [1, 2])),
    (aten.bitwise_not.default, (f(2, 3) > 0.5,)),
    *[(op, (f(2, 3), f(2, 3))) for op in (aten.add.Tensor, aten.sub.Tensor, aten.mul.Tensor)],
    *[(op, (f(2, 1, 3), f(4, 1))) for op in (aten.add.Tensor, aten.sub.Tensor, aten.mul.Tensor)],
    *[(op, (i(2, 3), f(2, 3))) for op in (aten.add.Tensor, aten.mul.Tensor)],
    *[(op, (i(2, 3), f(3) > 0.5)) for op in (aten.add.Tensor, aten.mul.Tensor)],
    *[(op, (f(3) > 0.5, i(2, 3))) for op in (aten.add.Tensor, aten.mul.Tensor)],
    *[(op, (f(2, 3), 2)) for op in (aten.add.Scalar, aten.sub.Scalar, aten.mul.Scalar, aten.remainder.Scalar)],
    *[(op, (i(2, 3), 2)) for op in (aten.add.Scalar, aten.sub.Scalar, aten.mul.Scalar, aten.remainder.Scalar)],
    *[(op, (i(2, 3), 2.5)) for op in (aten.add.Scalar, aten.mul.Scalar)],
    *[(getattr(aten, name).Scalar, (i(2, 3), 2)) for name in ("ge", "gt", "le", "lt", "eq", "ne")],
    *[(getattr(aten, name).Tensor, (i(2, 3), i(4, 1, 3))) for name in ("ge", "gt", "le", "lt", "eq", "ne")],
    (aten.masked_fill.Scalar, (f(2, 3), f(2, 3) > 0.5, -1.0)),
    (aten.masked_fill.Scalar, (f(2, 3), f(3) > 0.5, -1.0)),
    (aten.masked_fill.Scalar, (f(4, 4, 3).permute(2, 0, 1)[None], f(5, 1, 4, 4) > 0.5, -1.0)),
    *[(op, (f(4, 1), f(1, 3))) for op in (aten.add.Tensor, aten.sub.Tensor, aten.mul.Tensor)],
    *[(op, (f(2, 8, 3, 3).permute(0, 2, 3, 1), f(2, 3, 3, 8))) for op in (aten.add.Tensor, aten.mul.Tensor)],
    *[
        (op, (f(1, 8, 3, 3).permute(0, 2, 3, 1), f(1, 8, 3, 3).permute(0, 2, 3, 1)))
        for op in (aten.add.Tensor, aten.mul.Tensor)
    ],
    (aten.cat.default, ([f(2, 3), f(2, 4)], 1)),
    (aten.cat.default, ([f(2, 3), f(1, 3)],)),
    (aten.mean.dim, (f(2, 3, 4), [1, 2])),
    (aten.amax.default, (f(2, 3, 4), [1, 2], True)),
    (aten.linalg_vector_norm.default, (f(2, 3, 4), 2, [-1], True)),
    *[
        (op, (strided, [1], keep))
        for op in (aten.mean.dim, aten.amax.default)
        for strided in (f(2, 3, 4).transpose(1, 2), f(2, 4, 4, 3).permute(0, 3, 1, 2), f(4, 3, 2).permute(2, 1, 0))
        for keep in (False, True)
    ],
    (aten.mean.dim, (f(2, 4, 5, 3).permute(0, 3, 1, 2), [2, 3])),
    (aten.argmax.default, (f(2, 3, 4).transpose(1, 2), 1)),
    (aten.cat.default, ([f(2, 3, 4).transpose(1, 2), f(2, 1, 3)], 1)),
    (aten.cat.default, ([f(3, 4).t(), f(2, 3).t().t()],)),
    (aten.cat.default, ([f(2, 4, 5, 3).permute(0, 3, 1, 2)] * 2, 1)),
    (aten.linalg_vector_norm.default, (f(2, 3, 4).transpose(1, 2), 2, [1])),
    (aten.argmax.default, (f(2, 3, 4), 2, True)),
    (aten.argmax.default, (f(2, 3, 4), -1)),
    (aten.arange.default, (7,)),
    (aten.repeat.default, (f(2, 3), [4, 1, 2])),
    (aten.gather.default, (f(2, 3, 4), 2, torch.zeros(2, 3, 1, dtype=torch.int64))),
    (aten.mean.dim, (f(2, 3, 4), [-1], True)),
    (aten.where.self, (f(2, 3) > 0.5, f(2, 3), f(3))),
    (aten.mul_.Tensor, (f(2, 3), f(3))),
    (aten.sigmoid_.default, (f(2, 3),)),
    (aten.tanh_.default, (f(2, 3),)),
    (aten.bernoulli_.float, (f(2, 3), 0.5)),
    (aten.div_.Scalar, (f(2, 3), 0.5)),
    (aten.uniform_.default, (f(2, 3), 0.0, 1.0)),
    (aten.normal_.default, (f(2, 3), 0.0, 1.0)),
    (aten.fill_.Scalar, (f(2, 3), 0.0)),
]


def described(result: object) -> list[tuple[torch.Size, torch.dtype, list[int]]]:
    tensors = result if isinstance(result, tuple) else (result,)
    return [(tensor.shape, tensor.dtype, strides(tensor)) for tensor in tensors if isinstance(tensor, Tensor)]


def strides(tensor: Tensor) -> list[int]:
    """Those of axes longer than one: the others have none to speak of."""
    return [stride for stride, size in zip(tensor.stride(), tensor.shape, strict=True) if size > 1]


def on_meta(value: object) -> object:
    if isinstance(value, list) and value and isinstance(value[0], Tensor):
        return [on_meta(tensor) for tensor in value]
    return (
        torch.empty_strided(value.shape, value.stride(), dtype=value.dtype, device="meta")
        if isinstance(value, Tensor)
        else value
    )


@pytest.mark.parametrize(("op", "arguments"), CASES, ids=[str(op) for op, _ in CASES])
def test_a_kernel_agrees_with_that_of_torch(op: object, arguments: tuple[object, ...]) -> None:
    real = op(*arguments)  # type: ignore[operator]
    with MetaMode():
        quick = op(*[on_meta(value) for value in arguments])  # type: ignore[operator]
    assert described(quick) == described(real)


def test_every_kernel_has_a_case() -> None:
    assert set(KERNELS) == {op for op, _ in CASES}


def test_a_contiguous_clone() -> None:
    x = torch.empty(4, 2, 3, device="meta").transpose(1, 2)
    with MetaMode():
        assert x.clone(memory_format=torch.contiguous_format).is_contiguous()


def test_wrong_pools_raise_the_message_of_torch() -> None:
    with MetaMode(), pytest.raises(RuntimeError, match="pad should be at most half"):
        torch.max_pool2d(torch.empty(1, 3, 8, 8, device="meta"), 2, 2, 2)
    with MetaMode(), pytest.raises(RuntimeError, match="not in range"):
        torch.topk(torch.empty(3, device="meta"), 5)


def test_wrong_sizes_raise_the_message_of_torch() -> None:
    with MetaMode(), pytest.raises(RuntimeError, match="reduction dim"):
        torch.addmm(torch.empty(7, device="meta"), torch.empty(2, 3, device="meta"), torch.empty(4, 7, device="meta"))
    with MetaMode(), pytest.raises(RuntimeError):
        torch.empty(2, 3, device="meta") + torch.empty(4, 5, device="meta")


class Compare(TorchDispatchMode):
    """Asks a shortcut and the real kernel on the meta device, and keeps where they differ."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kernel = KERNELS.get(func)
        quick = kernel(*args, **(kwargs or {})) if kernel is not None else None
        real = func(*args, **(kwargs or {}))
        # On meta a convolution forgets that its input lies channels last; devices do not, and they decide.
        forgets = func is aten.convolution.default and not args[0].is_contiguous()
        if quick is not None and not forgets:
            # On meta the statistics of evaluation have a size, on devices none.
            count = 1 if func is aten.native_batch_norm.default else None
            if described(quick)[:count] != described(real)[:count]:
                self.wrong.append(f"{func}: {described(quick)} instead of {described(real)}")
        return real


@pytest.mark.parametrize("spec", list(catalog()), ids=lambda spec: spec.name)
def test_kernels_agree_inside_every_block(spec: BlockSpec) -> None:
    for index in range(3):
        instance = case(spec, index)
        module = instance.module("meta")
        present = [tensor for tensor in instance.inputs("meta") if tensor is not None]
        if len(present) == len(instance.inputs()) and not hasattr(module, "meta_forward"):
            for training in (True, False):
                with Compare() as compare:
                    module.train(training)(*present)
                assert not compare.wrong


@pytest.mark.parametrize("path", sorted(paths.TEMPLATES.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_cold_inference_imports_neither_compiler_nor_sympy(path: Path) -> None:
    code = """
import sys
from composer.core.files.design_file import load
from composer.engine.inference.infer import infer
assert not infer(load(sys.argv[1])).errors
print([name for name in ("torch._dynamo", "sympy") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True, cwd=paths.ROOT
    )
    assert done.stdout.strip() == "[]"
