"""CBAM and BAM against their formulas and the numbers of independent packages."""

import pytest
import torch

from blocks.combined.bam import BAM
from blocks.combined.cbam import CBAM
from tests.blocks.probe import fill, probe_input
from tests.blocks.reference import parameter_count


def test_cbam_gates_channels_then_positions():
    x = probe_input((2, 16, 5, 6))
    block = fill(CBAM(16, 4))
    torch.testing.assert_close(block(x), block.spatial(block.channel(x)), rtol=0, atol=0)
    assert parameter_count(CBAM(64, bias=True, batch_norm=False)) == 679


@pytest.mark.parametrize(("combine", "join"), [("product", torch.mul), ("sum", torch.add)])
def test_bam_adds_its_gate_to_the_identity(combine, join):
    x = probe_input((2, 32, 5, 6))
    block = fill(BAM(32, 4, 2, combine))
    channel, spatial = block.channel(x), block.spatial(x)
    expected = torch.empty_like(x)
    for c in range(32):
        expected[:, c] = x[:, c] * (1 + join(channel[:, c], spatial[:, 0]).sigmoid())
    torch.testing.assert_close(block(x), expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("channels", "parameters"), [(64, 1173), (128, 4457), (256, 17361), (512, 68513), (1024, 272193)]
)
def test_bam_has_the_published_parameters(channels, parameters):
    # With those of ResNet-50 (25557032) the last three give the 25.92M of the paper.
    assert parameter_count(BAM(channels)) == parameters


def test_bad_parameters_are_named():
    with pytest.raises(ValueError, match=r"combine: 'mean' is not one of product, sum"):
        BAM(64, combine="mean")
    with pytest.raises(ValueError, match=r"kernel_size: 2 is not a positive odd number"):
        CBAM(64, kernel_size=2)
