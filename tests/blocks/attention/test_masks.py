"""Masks, biases and positions of attentions against the formulas, and padding against absence."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blocks._shared.scaled_dot_product import attend, merge_heads, split_heads
from blocks.attention.additive_attention import AdditiveAttention
from blocks.attention.attend import Attend
from blocks.attention.class_attention import ClassAttention
from blocks.attention.linear_attention import LinearAttention
from blocks.attention.locality_self_attention import LocalitySelfAttention
from blocks.attention.multi_head_cross_attention import MultiHeadCrossAttention
from blocks.attention.multi_head_self_attention import MultiHeadSelfAttention
from blocks.attention.residual_logits_attention import ResidualLogitsAttention
from blocks.attention.talking_heads_attention import TalkingHeadsAttention
from blocks.head.token_classifier_head import TokenClassifierHead
from blocks.position.relative_position_bias import RelativePositionBias
from blocks.position.rotary_position import RotaryPosition
from blocks.recurrent.attention_decoder import AttentionDecoder
from blocks.recurrent.attention_decoder_step import AttentionDecoderStep
from blocks.text.padding_mask import PaddingMask
from blocks.tokens.adaptive_token_sampling import AdaptiveTokenSampling
from blocks.tokens.segment_mask import SegmentMask
from blocks.tokens.sequence_pool import SequencePool
from blocks.transformer.parallel_encoder_layer import ParallelEncoderLayer
from blocks.transformer.transformer_decoder_layer import TransformerDecoderLayer
from blocks.transformer.transformer_encoder_layer import TransformerEncoderLayer
from tests.blocks.probe import fill, probe_input

N, TOKENS, DIM, HEADS = 2, 6, 16, 4
X = probe_input((N, TOKENS, DIM))
GENERATOR = torch.Generator().manual_seed(0)


def random_mask(*shape: int) -> Tensor:
    mask = torch.rand(shape, generator=GENERATOR) > 0.4
    mask[..., 0] = True
    return mask


def literal(q: Tensor, k: Tensor, v: Tensor, mask: Tensor, bias: Tensor) -> Tensor:
    """The formula, one head and query at a time: q, k, v (N, heads, n, d); mask and bias (N, heads, queries, keys)."""
    out = torch.zeros(*q.shape[:3], v.shape[3], dtype=q.dtype)
    for sample in range(q.shape[0]):
        for head in range(q.shape[1]):
            for i in range(q.shape[2]):
                keys = [j for j in range(k.shape[2]) if mask[sample, head, i, j]]
                logits = [
                    (q[sample, head, i] @ k[sample, head, j]) / q.shape[3] ** 0.5 + bias[sample, head, i, j]
                    for j in keys
                ]
                total = sum(logit.exp() for logit in logits)
                out[sample, head, i] = sum(
                    logit.exp() / total * v[sample, head, j] for logit, j in zip(logits, keys, strict=True)
                )
    return out


SHAPES = {
    "padding": (N, TOKENS),
    "pairs": (N, TOKENS, TOKENS),
    "heads": (N, HEADS, TOKENS, TOKENS),
    "one head": (N, 1, TOKENS, TOKENS),
}


def whole(values: Tensor) -> Tensor:
    """Repeat a mask or bias to (N, heads, queries, keys), written independently of the blocks."""
    rank = values.ndim
    if rank == 2:
        values = values.reshape(N, 1, 1, -1)
    elif rank == 3:
        values = values.reshape(N, 1, *values.shape[1:])
    return values.expand(N, HEADS, TOKENS, TOKENS)


@pytest.mark.parametrize("learned", [False, True], ids=["fused", "written out"])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("bias_shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("mask_shape", SHAPES.values(), ids=SHAPES)
def test_mask_and_bias_follow_the_formula(
    mask_shape: tuple[int, ...], bias_shape: tuple[int, ...], causal: bool, learned: bool
) -> None:
    block = fill(MultiHeadSelfAttention(DIM, HEADS, causal=causal))
    mask, bias = random_mask(*mask_shape), probe_input(bias_shape, 2).requires_grad_(learned)
    q, k, v = (split_heads(part, HEADS) for part in block.qkv(X).chunk(3, -1))
    pairs = whole(mask) & torch.ones(TOKENS, TOKENS, dtype=torch.bool).tril() if causal else whole(mask)
    expected = block.proj(merge_heads(literal(q, k, v, pairs, whole(bias))))
    torch.testing.assert_close(block(X, mask, bias), expected, rtol=1e-12, atol=1e-12)
    # The same from torch, and the projections as inputs of a block.
    torchs = F.scaled_dot_product_attention(q, k, v, whole(bias).masked_fill(~pairs, float("-inf")))
    torch.testing.assert_close(block(X, mask, bias), block.proj(merge_heads(torchs)), rtol=1e-12, atol=1e-12)
    parts = Attend(DIM, DIM, HEADS, causal=causal)
    torch.testing.assert_close(parts(*block.qkv(X).chunk(3, -1), mask, bias), merge_heads(torchs))


def test_open_ports_change_no_bit() -> None:
    """Without mask and bias the outputs and gradients are those of the plain call of torch's attention."""
    for causal in (False, True):
        block = MultiHeadSelfAttention(DIM, HEADS, causal=causal)
        x = torch.randn(N, TOKENS, DIM, generator=GENERATOR)
        q, k, v = (split_heads(part, HEADS) for part in block.qkv(x).chunk(3, -1))
        plain = block.proj(merge_heads(F.scaled_dot_product_attention(q, k, v, is_causal=causal)))
        assert torch.equal(block(x), plain)
        ours = torch.autograd.grad(block(x).square().sum(), list(block.parameters()))
        theirs = torch.autograd.grad(plain.square().sum(), list(block.parameters()))
        assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("learned", [False, True], ids=["fused", "written out"])
def test_a_query_without_keys_gets_zeros_and_finite_gradients(learned: bool) -> None:
    q, k, v = (torch.randn(N, HEADS, TOKENS, 4, generator=GENERATOR, requires_grad=True) for _ in range(3))
    mask = torch.ones(N, 1, TOKENS, TOKENS, dtype=torch.bool)
    mask[0, :, 2] = False
    bias = torch.zeros(N, 1, TOKENS, TOKENS, requires_grad=learned)
    out = attend(q, k, v, bias, mask=mask)
    assert not out[0, :, 2].any() and out[0, :, 1].all()
    for grad in torch.autograd.grad(out.square().sum(), [q, k, v, *([bias] if learned else [])]):
        assert grad.isfinite().all()


PAD = 3
# A block of tokens, and how it is called with tokens (N, n, dim) and a mask (N, n).
PADDED: dict[str, tuple[Callable[[], nn.Module], Callable[[nn.Module, Tensor, Tensor | None], Tensor]]] = {
    "MultiHeadSelfAttention": (lambda: MultiHeadSelfAttention(DIM, HEADS), lambda m, x, mask: m(x, mask)),
    "TransformerEncoderLayer": (lambda: TransformerEncoderLayer(DIM, HEADS), lambda m, x, mask: m(x, mask)),
    "post-norm layer": (lambda: TransformerEncoderLayer(DIM, HEADS, norm="post"), lambda m, x, mask: m(x, mask)),
    "ParallelEncoderLayer": (lambda: ParallelEncoderLayer(DIM, 2, HEADS), lambda m, x, mask: m(x, mask)),
    "TalkingHeadsAttention": (lambda: TalkingHeadsAttention(DIM, HEADS), lambda m, x, mask: m(x, mask)),
    "LocalitySelfAttention": (lambda: LocalitySelfAttention(DIM, HEADS), lambda m, x, mask: m(x, mask)),
    "ResidualLogitsAttention": (lambda: ResidualLogitsAttention(DIM, HEADS), lambda m, x, mask: m(x, None, mask)[0]),
    "ClassAttention": (lambda: ClassAttention(DIM, HEADS), lambda m, x, mask: m(x, mask)),
    "MultiHeadCrossAttention": (
        lambda: MultiHeadCrossAttention(DIM, DIM, HEADS),
        lambda m, x, mask: m(X, x, mask),
    ),
    "AdditiveAttention": (lambda: AdditiveAttention(DIM, DIM), lambda m, x, mask: m(X, x, mask)),
    "memory of a decoder": (
        lambda: TransformerDecoderLayer(DIM, DIM, HEADS),
        lambda m, x, mask: m(X, x, memory_mask=mask),
    ),
    "tokens of a decoder": (
        lambda: TransformerDecoderLayer(DIM, DIM, HEADS, causal=False, norm="post"),
        lambda m, x, mask: m(x, X, mask),
    ),
    "LinearAttention": (lambda: LinearAttention(DIM, HEADS), lambda m, x, mask: m(x, mask)),
    "efficient attention": (
        lambda: LinearAttention(DIM, HEADS, feature_map="softmax"),
        lambda m, x, mask: m(x, mask),
    ),
    "map of LinearAttention": (
        lambda: LinearAttention(DIM, HEADS),
        lambda m, x, mask: m.attention(x, mask)[:, :, :TOKENS, :TOKENS].flatten(1, 2),
    ),
    "AttentionDecoderStep": (
        lambda: AttentionDecoderStep(DIM, DIM, DIM),
        lambda m, x, mask: torch.stack(m(X[:, 0], X[:, 1], x, mask), 1),
    ),
    "AttentionDecoder": (
        lambda: AttentionDecoder(DIM, DIM, DIM),
        lambda m, x, mask: torch.cat(m(X, X[:, 1], x, mask), 1),
    ),
    "SequencePool": (lambda: SequencePool(DIM), lambda m, x, mask: m(x, mask)),
    "mean of a head": (lambda: TokenClassifierHead(DIM, pooling="avg"), lambda m, x, mask: m(x, mask)),
    "maximum of a head": (lambda: TokenClassifierHead(DIM, pooling="max", token=1), lambda m, x, mask: m(x, mask)),
    "AdaptiveTokenSampling": (
        lambda: AdaptiveTokenSampling(DIM, HEADS, 5),
        lambda m, x, mask: torch.cat([m(x, mask)[0], m(x, mask)[1]]),
    ),
}


@pytest.mark.parametrize("name", PADDED)
def test_padding_is_absence(name: str) -> None:
    """Masked tokens at the end, whatever their values, change nothing for the others."""
    make, call = PADDED[name]
    block = fill(make())
    padded = torch.cat([X, 5 * probe_input((N, PAD, DIM), 7)], dim=1)
    mask = torch.ones(N, TOKENS + PAD, dtype=torch.bool)
    mask[:, TOKENS:] = False
    alone, masked, unmasked = call(block, X, None), call(block, padded, mask), call(block, padded, None)
    count = alone.shape[1] if alone.ndim == 3 else None
    torch.testing.assert_close(masked[:, :count], alone, rtol=1e-12, atol=1e-12)
    assert (unmasked[:, :count] - alone).abs().max() > 1e-4, "the mask would not matter"


def test_layers_behind_token_sampling_ignore_empty_places() -> None:
    """The kept mask makes the layers of ATS-ViT those of a shorter sequence."""
    sampling, layer = fill(AdaptiveTokenSampling(DIM, HEADS, 12)), fill(TransformerEncoderLayer(DIM, HEADS))
    second = fill(AdaptiveTokenSampling(DIM, HEADS, 8))
    out, residual, kept = sampling(3 * X)
    tokens = out + residual
    assert kept.dtype == torch.bool and not kept.all()
    for sample in range(N):
        real = tokens[sample : sample + 1, kept[sample]]
        behind = layer(tokens[sample : sample + 1], kept[sample : sample + 1])
        torch.testing.assert_close(behind[:, kept[sample]], layer(real), rtol=1e-12, atol=1e-12)
        masked, short = second(behind, kept[sample : sample + 1]), second(layer(real))
        assert torch.equal(masked[2], short[2])
        torch.testing.assert_close(masked[0] + masked[1], short[0] + short[1], rtol=1e-12, atol=1e-12)


def test_packed_images_do_not_see_each_other() -> None:
    """Two images in one sequence (NaViT) give what each gives alone; segment 0 is padding that nobody attends to."""
    layer = fill(TransformerEncoderLayer(DIM, HEADS))
    segments = torch.tensor([[1, 1, 2, 2, 2, 0], [3, 3, 3, 3, 0, 0]])
    mask = SegmentMask()(segments)
    assert mask.shape == (2, 6, 6) and mask.dtype == torch.bool
    packed = layer(X, mask)
    for row, first, last in ((0, 0, 2), (0, 2, 5), (1, 0, 4)):
        alone = layer(X[row : row + 1, first:last])
        torch.testing.assert_close(packed[row : row + 1, first:last], alone, rtol=1e-12, atol=1e-12)
    assert not mask[0, 5].any() and not mask[0, :, 5].any()


def test_padding_of_sentences_is_where_the_padding_token_is() -> None:
    words = torch.tensor([[5, 6, 7], [8, 0, 0]])
    assert PaddingMask()(words).tolist() == [[True, True, True], [True, False, False]]
    assert PaddingMask(padding_token=7)(words).tolist() == [[True, True, False], [True, True, True]]


def test_sampling_never_draws_a_masked_token() -> None:
    """A class token that attends to itself alone leaves no score; the fallback does not return a masked token."""
    sampling = fill(AdaptiveTokenSampling(DIM, HEADS, 4))
    mask = torch.zeros(N, TOKENS, dtype=torch.bool)
    mask[:, 0] = True
    out, residual, kept = sampling(X, mask)
    assert kept.tolist() == [[True, False, False, False, False]] * N
    assert not out[:, 1:].any() and not residual[:, 1:].any()


@pytest.mark.parametrize(
    ("position", "axes", "grid", "prefix"),
    [
        ("rope", "1d", (0, 0), 0),
        ("rope", "1d", (0, 0), 2),
        ("axial_rope", "2d", (0, 3), 0),
        ("axial_rope", "2d", (0, 0), 2),
    ],
)
def test_rotary_attention_is_attention_of_rotated_queries_and_keys(
    position: str, axes: str, grid: tuple[int, int], prefix: int
) -> None:
    block = fill(
        MultiHeadSelfAttention(DIM, HEADS, position=position, height=grid[0], width=grid[1], prefix_tokens=prefix)
    )
    torch.set_default_dtype(torch.float64)
    try:
        turn = RotaryPosition(TOKENS, DIM, HEADS, axes, grid[0], grid[1], prefix)
    finally:
        torch.set_default_dtype(torch.float32)
    q, k, v = block.qkv(X).chunk(3, -1)
    expected = block.proj(Attend(DIM, DIM, HEADS)(turn(q), turn(k), v))
    torch.testing.assert_close(block(X), expected, rtol=1e-12, atol=1e-12)
    plain = fill(MultiHeadSelfAttention(DIM, HEADS))
    assert plain.state_dict().keys() == block.state_dict().keys()
    assert (block(X) - plain(X)).abs().max() > 1e-4


def test_relative_attention_adds_the_table_to_the_bias() -> None:
    block = fill(MultiHeadSelfAttention(DIM, HEADS, position="relative", height=2, width=2, prefix_tokens=2))
    table = RelativePositionBias(TOKENS, HEADS, 2, 2, 2).double()
    table.bias.load_state_dict(block.position_bias.state_dict())
    bias = probe_input((N, HEADS, TOKENS, TOKENS), 3)
    plain = MultiHeadSelfAttention(DIM, HEADS).double().eval()
    plain.load_state_dict(block.state_dict(), strict=False)
    torch.testing.assert_close(block(X), plain(X, None, table(X)), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(block(X, None, bias), plain(X, None, bias + table(X)), rtol=1e-12, atol=1e-12)


def test_residual_logits_follow_the_formula() -> None:
    """softmax(q k^T / sqrt(d) + previous) v, and the sum is passed on (RealFormer, equation 2)."""
    block = fill(ResidualLogitsAttention(DIM, HEADS))
    previous = probe_input((N, HEADS, TOKENS, TOKENS), 4)
    q, k, v = (split_heads(part, HEADS) for part in block.qkv(X).chunk(3, -1))
    out, logits = block(X, previous)
    torch.testing.assert_close(logits, q @ k.transpose(-2, -1) / 2 + previous)
    everywhere = torch.ones(N, HEADS, TOKENS, TOKENS, dtype=torch.bool)
    expected = block.proj(merge_heads(literal(q, k, v, everywhere, previous)))
    torch.testing.assert_close(out, expected, rtol=1e-12, atol=1e-12)
    causal = fill(ResidualLogitsAttention(DIM, HEADS, causal=True))
    same = fill(MultiHeadSelfAttention(DIM, HEADS, causal=True))
    torch.testing.assert_close(causal(X, previous)[0], same(X, None, previous), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("port", ["mask", "bias"])
@pytest.mark.parametrize(
    "shape", [(N, TOKENS + 1), (N, HEADS - 1, TOKENS, TOKENS), (N, TOKENS + 1, TOKENS), (N, 1, 1, TOKENS, TOKENS), (N,)]
)
def test_a_mask_or_bias_of_another_size_is_refused(port: str, shape: tuple[int, ...]) -> None:
    values = torch.ones(shape, dtype=torch.bool if port == "mask" else torch.float64)
    with pytest.raises(ValueError, match=rf"{port}: shape .* does not fit 4 heads, 6 queries and 6 keys"):
        fill(MultiHeadSelfAttention(DIM, HEADS))(X, **{port: values})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MultiHeadSelfAttention(16, 4, position="relative", height=3), "width 0: position relative learns"),
        (lambda: MultiHeadSelfAttention(16, 4, position="alibi"), "position: 'alibi'"),
        (lambda: MultiHeadSelfAttention(12, 4, position="rope"), "heads of 3 features, expected a multiple of 2"),
        (lambda: MultiHeadSelfAttention(24, 4, position="axial_rope"), "heads of 6 features, expected a multiple of 4"),
        (lambda: MultiHeadSelfAttention(16, 4, position="relative", height=2, width=2)(X.float()), "x: 6 tokens, but"),
        (lambda: MultiHeadSelfAttention(16, 4, position="axial_rope")(X.float()), "n: 6 tokens are no square"),
    ],
)
def test_impossible_positions_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
