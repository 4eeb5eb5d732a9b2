"""Recurrent blocks against literal recurrences, and their shortcuts against counting the real steps."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from blocks._shared import precision
from blocks.recurrent.attention_decoder import AttentionDecoder
from blocks.recurrent.attention_decoder_step import AttentionDecoderStep
from blocks.recurrent.bidirectional_encoder import BidirectionalEncoder
from blocks.recurrent.gru import GRU
from blocks.recurrent.lstm import LSTM
from blocks.recurrent.rnn import RNN
from composer.engine.inference.cost import measure


def run_literally(rnn, x, act=torch.tanh):
    """Recurrence of one layer over `x` (n, dim), token by token."""
    w, u, b, c = (getattr(rnn, name) for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"))
    h = cell = x.new_zeros(rnn.hidden_size)
    states = []
    for token in x:
        a, r = w @ token + b, u @ h + c
        if rnn.mode == "LSTM":
            i, f, g, o = (a + r).chunk(4)
            cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
            h = o.sigmoid() * cell.tanh()
        elif rnn.mode == "GRU":
            (ar, az, an), (rr, rz, rn) = a.chunk(3), r.chunk(3)
            z = (az + rz).sigmoid()
            h = z * h + (1 - z) * (an + (ar + rr).sigmoid() * rn).tanh()
        else:
            h = act(a + r)
        states.append(h)
    return torch.stack(states)


@pytest.mark.parametrize("make", [RNN, LSTM, GRU, lambda d, h: RNN(d, h, act="relu")])
def test_recurrence_follows_the_formula(make):
    block = make(4, 5).double()
    x = torch.randn(2, 6, 4).double()
    sequence, state, *_ = block(x)
    act = torch.relu if block.rnn.mode == "RNN_RELU" else torch.tanh
    for states, tokens in zip(sequence, x, strict=True):
        assert torch.allclose(states, run_literally(block.rnn, tokens, act), atol=1e-10)
    assert torch.equal(state, sequence[:, -1])


@pytest.mark.parametrize("make", [RNN, LSTM, GRU])
def test_a_sequence_can_be_read_in_two_parts(make):
    block = make(4, 5).double()
    x = torch.randn(2, 6, 4).double()
    whole, *last = block(x)
    first, *carried = block(x[:, :2])
    second, *last_of_second = block(x[:, 2:], *carried)
    torch.testing.assert_close(torch.cat((first, second), 1), whole)
    torch.testing.assert_close(last_of_second, last)
    if make is LSTM:  # the cell alone starts from a state of zeros
        states, *_ = block(x, None, carried[1])
        assert not torch.allclose(states, whole)


def test_every_layer_starts_from_the_state():
    block = GRU(4, 5, num_layers=2).double()
    x, state = torch.randn(2, 3, 4).double(), torch.randn(2, 5).double()
    expected, _ = block.rnn(x, torch.stack((state, state)))
    torch.testing.assert_close(block(x, state)[0], expected)


@pytest.mark.parametrize("cell", ["gru", "lstm", "rnn"])
def test_encoder_reads_in_both_directions(cell):
    encoder = BidirectionalEncoder(4, 5, cell)
    x = torch.randn(2, 6, 4)
    annotations, state = encoder(x)
    changed, _ = encoder(torch.cat((x[:, :5], torch.randn(2, 1, 4)), 1))
    assert torch.equal(annotations[:, :5, :5], changed[:, :5, :5])
    assert not torch.allclose(annotations[:, 0, 5:], changed[:, 0, 5:], atol=1e-7)
    assert torch.equal(state, torch.tanh(encoder.start(annotations[:, 0, 5:])))


def test_decoder_step_follows_the_formula():
    step = AttentionDecoderStep(3, 5, 4, attention_dim=6).double()
    y, state, annotations = torch.randn(2, 3).double(), torch.randn(2, 5).double(), torch.randn(2, 7, 4).double()
    next_state, context = step(y, state, annotations)
    attention = step.attention
    for b in range(2):
        query = attention.query(state[b])
        e = [(attention.score.weight[0] @ torch.tanh(query + attention.key.weight @ h)).item() for h in annotations[b]]
        a = torch.tensor(e).double().exp()
        c = (a / a.sum()) @ annotations[b]
        assert torch.allclose(context[b], c, atol=1e-10)
        assert torch.allclose(next_state[b], step.cell(torch.cat((y[b], c)), state[b]), atol=1e-10)


def test_decoder_repeats_its_step():
    decoder, step = AttentionDecoder(3, 5, 4, 6), AttentionDecoderStep(3, 5, 4, 6)
    step.load_state_dict(decoder.state_dict())
    y, state, annotations = torch.randn(2, 4, 3), torch.randn(2, 5), torch.randn(2, 7, 4)
    states, contexts = decoder(y, state, annotations)
    for t in range(4):
        state, context = step(y[:, t], state, annotations)
        assert torch.allclose(states[:, t], state, atol=1e-6)
        assert torch.allclose(contexts[:, t], context, atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("make", [lambda: LSTM(4, 5, 2), lambda: BidirectionalEncoder(4, 5, "lstm", 2)])
def test_an_lstm_runs_in_float32_where_the_cpu_lacks_a_kernel(make, dtype, monkeypatch):
    monkeypatch.setattr(precision, "_cpu_autocast_lacks_lstm", lambda: True)
    block = make()
    x = torch.randn(2, 6, 4)
    with torch.autocast("cpu", dtype):
        states, *_ = block(x)
        from_half, *_ = block(x.to(dtype))
    assert torch.equal(states, block.rnn(x)[0])
    assert torch.equal(from_half, block.rnn(x.to(dtype).float())[0])
    with torch.autocast("cpu", dtype), torch.no_grad():
        block.to(dtype)(x.to(dtype))  # weights in half precision have a kernel of torch's own


def test_an_lstm_runs_in_half_precision_where_the_cpu_can():
    if not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        pytest.skip("needs a CPU with bfloat16 instructions")
    with torch.autocast("cpu", torch.bfloat16):
        assert LSTM(4, 5)(torch.randn(2, 6, 4))[0].dtype == torch.bfloat16


CASES = [
    (lambda: RNN(4, 5, 2), [(2, 6, 4)]),
    (lambda: LSTM(4, 5, 2), [(2, 6, 4)]),
    (lambda: GRU(4, 5), [(2, 6, 4)]),
    (lambda: BidirectionalEncoder(4, 5, "lstm", 2), [(2, 6, 4)]),
    (lambda: AttentionDecoder(3, 5, 4, 6), [(2, 6, 3), (2, 5), (2, 7, 4)]),
]


@pytest.mark.parametrize(("make", "shapes"), CASES)
def test_meta_shortcuts_agree_with_running_every_step(make, shapes):
    with torch.device("meta"):
        block, inputs = make(), [torch.empty(shape) for shape in shapes]
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        real = block(*inputs)
    assert block.meta_macs(*inputs) == counter.get_total_flops() / 2
    short = block.meta_forward(*inputs)
    assert [(x.shape, x.dtype, x.device) for x in short] == [(x.shape, x.dtype, x.device) for x in real]


@pytest.mark.filterwarnings("ignore:TF32 acceleration on top of oneDNN")
@pytest.mark.parametrize(("make", "shapes"), CASES)
def test_saved_bytes_are_those_of_running_every_step(make, shapes):
    with torch.device("meta"):
        cost = measure(make().train(), tuple(torch.empty(shape) for shape in shapes))
    block, inputs = make().train(), [torch.empty(shape) for shape in shapes]
    parameters = {parameter.untyped_storage().data_ptr() for parameter in block.parameters()}
    saved = {}

    def keep(tensor):
        if tensor.untyped_storage().data_ptr() not in parameters:
            saved[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    # oneDNN's LSTM keeps a workspace of its own size.
    with (
        torch.backends.mkldnn.flags(enabled=False),
        torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor),
    ):
        outputs = block(*inputs)
    ends = zip((*inputs, *outputs), (*cost.saved_inputs, *cost.saved_outputs), strict=True)
    counted = cost.saved_bytes + sum(tensor.untyped_storage().nbytes() for tensor, flag in ends if flag)
    # Where meta saves the input, the CPU saves a copy with its axes swapped: as many bytes, but for each direction.
    copies = inputs[0].nbytes if isinstance(block, BidirectionalEncoder) else 0
    assert counted + copies == sum(tensor.untyped_storage().nbytes() for tensor in saved.values())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RNN(4, 0), "hidden_dim: 0 is not positive"),
        (lambda: RNN(4, act="gelu"), "act: 'gelu' is not one of tanh, relu"),
        (lambda: LSTM(4, num_layers=0), "num_layers: 0 is not positive"),
        (lambda: GRU(4, drop=2), "drop: 2 is not from 0 to 1"),
        (lambda: BidirectionalEncoder(4, cell="qrnn"), "cell: 'qrnn' is not one of gru, lstm, rnn"),
        (lambda: AttentionDecoderStep(4, 4, 4, 0), "attention_dim: 0 is not positive"),
        (lambda: AttentionDecoder(4, 4, 4, 0), "attention_dim: 0 is not positive"),
    ],
)
def test_recurrent_errors(make, message):
    with pytest.raises(ValueError, match=message):
        make()
