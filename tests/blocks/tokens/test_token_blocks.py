"""Token blocks against vit-pytorch's numbers and literal formulas."""

import pytest
import torch

from blocks.tokens.adaptive_token_sampling import AdaptiveTokenSampling
from blocks.tokens.class_token import ClassToken
from blocks.tokens.distill_token import DistillToken
from blocks.tokens.map_to_tokens import MapToTokens
from blocks.tokens.memory_tokens import MemoryTokens
from blocks.tokens.patch_merger import PatchMerger
from blocks.tokens.register_tokens import RegisterTokens
from blocks.tokens.select_tokens import SelectTokens
from blocks.tokens.sequence_pool import SequencePool
from blocks.tokens.token_dropout import TokenDropout
from blocks.tokens.tokens_to_map import TokensToMap
from tests.blocks.reference import assert_probe, parameter_count


def test_map_and_tokens_are_inverse():
    x = torch.randn(2, 3, 4, 6)
    tokens = MapToTokens()(x)
    assert torch.equal(tokens[:, 1 * 6 + 2], x[:, :, 1, 2])
    assert torch.equal(TokensToMap(width=6)(tokens), x)
    assert torch.equal(TokensToMap(prefix_tokens=8)(tokens), x.flatten(2)[:, :, 8:].unflatten(2, (4, 4)))


def test_learned_tokens_are_inserted_at_their_position():
    x = torch.randn(2, 5, 8)
    classified = ClassToken(8)
    distilled = DistillToken(8)
    registered = RegisterTokens(8, 3, after=2)
    out = registered(distilled(classified(x)))
    assert torch.equal(out[:, 0], classified.token[:, 0].expand(2, -1))
    assert torch.equal(out[:, 1], distilled.token[:, 0].expand(2, -1))
    assert torch.equal(out[:, 2:5], registered.tokens.expand(2, -1, -1))
    assert torch.equal(out[:, 5:], x)
    memory = MemoryTokens(8, 4)
    out = memory(x)
    assert torch.equal(out, torch.cat((x, memory.tokens.expand(2, -1, -1)), 1))
    assert torch.equal(SelectTokens(0, -4)(out), x)


def test_patch_merger_matches_vit_pytorch_1_26_11():
    expected = {"mean": 0.4999709769, "std": 0.07041921048, "last": [0.5592208501, 0.4911433202]}
    merger = PatchMerger(64, 8)
    assert parameter_count(merger) == 640
    assert_probe(merger, [(1, 49, 64)], expected)


def test_sequence_pool_is_a_weighted_mean():
    pool = SequencePool(4, bias=True).double()
    x = torch.randn(2, 5, 4).double()
    for sample, pooled in zip(x, pool(x), strict=True):
        weights = [torch.exp(pool.score(token)) for token in sample]
        mean = sum(weight * token for weight, token in zip(weights, sample, strict=True)) / sum(weights)
        assert torch.allclose(pooled, mean, atol=1e-10)


def test_adaptive_token_sampling_follows_the_formula():
    torch.manual_seed(0)
    heads, samples, d = 2, 6, 4
    block = AdaptiveTokenSampling(8, heads, samples).double()
    x = torch.randn(1, 10, 8).double()
    out, residual, is_real = block(x)
    q, k, v = block.qkv(block.norm(x))[0].view(10, 3, heads, d).permute(1, 2, 0, 3)
    attention = torch.stack([torch.softmax(q[h] @ k[h].T / d**0.5, -1) for h in range(heads)])
    score = [sum(attention[h, 0, j].item() * v[h, j].norm().item() for h in range(heads)) for j in range(1, 10)]
    running, total = [], 0.0
    for value in score:
        total += value
        running.append(total)
    places = [0] + [1 + sum(r / total < (2 * i + 1) / (2 * samples) for r in running) for i in range(samples)]
    full = block.proj(torch.cat([attention[h] @ v[h] for h in range(heads)], dim=1))
    assert len(set(places)) < len(places)
    for at, place in enumerate(places):
        real = at == 0 or place != places[at - 1]
        assert is_real[0, at] == real
        assert torch.allclose(out[0, at], full[place] * real, atol=1e-6)
        assert torch.equal(residual[0, at], x[0, place] * real)


def test_adaptive_token_sampling_has_the_size_of_vit_pytorch_1_26_11():
    assert parameter_count(AdaptiveTokenSampling(64, 4, 16)) == 16576


def test_token_dropout_keeps_order_and_prefix():
    torch.manual_seed(0)
    x = torch.arange(2 * 9).view(2, 9, 1).float()
    block = TokenDropout(0.5, prefix_tokens=1)
    out = block(x)
    assert out.shape == (2, 5, 1)
    assert torch.equal(out[:, 0], x[:, 0])
    assert (out[:, 1:] > out[:, :-1]).all()
    assert torch.equal(block.eval()(x), x)


TOKENS = torch.zeros(1, 6, 8)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TokensToMap()(TOKENS), "n: 6 tokens are no square; give height and width"),
        (lambda: TokensToMap(4)(TOKENS), "height 4, width any: 6 tokens do not fill"),
        (lambda: TokensToMap(2, 2, 1)(TOKENS), "6 tokens less 1 in front do not fill"),
        (lambda: TokensToMap(-1)(TOKENS), "expected 0 or more"),
        (lambda: DistillToken(8, -1), "after: -1 is negative"),
        (lambda: DistillToken(8, 7)(TOKENS), "after: 7 tokens are to come first, but x has 6"),
        (lambda: RegisterTokens(8, 0), "num_tokens: 0 is not positive"),
        (lambda: RegisterTokens(8, after=-1), "after: -1 is negative"),
        (lambda: MemoryTokens(8, 0), "num_tokens: 0 is not positive"),
        (lambda: SelectTokens(-1), "start: -1 is negative"),
        (lambda: SelectTokens(6)(TOKENS), "none of 6 tokens is left"),
        (lambda: PatchMerger(8, 0), "num_tokens: 0 is not positive"),
        (lambda: AdaptiveTokenSampling(8, 3), "num_heads: 3 does not divide dim 8"),
        (lambda: AdaptiveTokenSampling(8, num_samples=0), "num_samples: 0 is not positive"),
        (lambda: AdaptiveTokenSampling(8)(TOKENS[:, :1]), "expected a class token and at least one more"),
        (lambda: TokenDropout(1.0), "drop: 1.0 is not from 0 to below 1"),
        (lambda: TokenDropout(prefix_tokens=-1), "prefix_tokens: -1 is negative"),
    ],
)
def test_token_errors(make, message):
    with pytest.raises(ValueError, match=message):
        make()
