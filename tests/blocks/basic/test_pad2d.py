"""Padding to a multiple."""

import pytest
import torch
from torch.nn import functional as F

from blocks.basic.pad2d import Pad2d


@pytest.mark.parametrize(("mode", "name"), [("zeros", "constant"), ("replicate", "replicate"), ("reflect", "reflect")])
def test_pad2d_pads_at_the_right_and_bottom(mode, name):
    x = torch.randn(2, 3, 6, 8)
    out = Pad2d(4, mode)(x)
    assert torch.equal(out, F.pad(x, (0, 0, 0, 2), mode=name))
    assert torch.equal(out[:, :, :6], x)
    assert Pad2d(2, mode)(x) is x


def test_pad2d_rejects_bad_parameters():
    with pytest.raises(ValueError, match=r"^multiple: 0 is not positive$"):
        Pad2d(0)
    with pytest.raises(ValueError, match=r"^mode: 'x' is not one of zeros, replicate, reflect$"):
        Pad2d(4, "x")
    message = r"^mode: 'reflect' cannot add 6 rows and 0 columns to a map of 2 x 8; use 'replicate' or 'zeros'$"
    with pytest.raises(ValueError, match=message):
        Pad2d(8, "reflect")(torch.ones(1, 1, 2, 8))
    assert Pad2d(8, "replicate")(torch.ones(1, 1, 2, 8)).shape == (1, 1, 8, 8)
