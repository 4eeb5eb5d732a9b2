"""Token embedding and generator head against their formulas."""

import pytest
import torch

from blocks.text.generator_head import GeneratorHead
from blocks.text.token_embedding import TokenEmbedding


@pytest.mark.parametrize("scale", [True, False])
def test_embedding_is_scaled(scale):
    block = TokenEmbedding(11, 9, scale)
    tokens = torch.tensor([[3, 0], [10, 3]])
    assert torch.equal(block(tokens)[1, 0], block.embedding.weight[10] * (3 if scale else 1))


def test_generator_gives_log_probabilities():
    block = GeneratorHead(8, 13).double()
    x = torch.randn(2, 5, 8).double()
    logits = x @ block.proj.weight.T + block.proj.bias
    assert torch.allclose(block(x), logits - logits.exp().sum(-1, keepdim=True).log(), atol=1e-10)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TokenEmbedding(0), "vocab_size: 0 is not positive"),
        (lambda: TokenEmbedding(dim=0), "dim: 0 is not positive"),
        (lambda: GeneratorHead(8, 0), "vocab_size: 0 is not positive"),
    ],
)
def test_text_errors(make, message):
    with pytest.raises(ValueError, match=message):
        make()
