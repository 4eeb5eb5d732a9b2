import numpy as np
import pytest
import torch
from sklearn.metrics import balanced_accuracy_score, top_k_accuracy_score
from sklearn.utils.class_weight import compute_class_weight
from torch import nn

from blocks.transformer.mixture_of_experts import MixtureOfExperts
from composer.engine.training.augmentations.label_mixing import mix_labels
from composer.engine.training.datasets import LoadedDataset
from composer.engine.training.datasets.splits import MemorySplit
from composer.engine.training.objectives.classification import Accuracy, Classification

CLASSES = 6


def data(labels=tuple(range(CLASSES)), classes=CLASSES):
    split = MemorySplit({"image": torch.zeros(len(labels), 1, 2, 2), "label": torch.tensor(labels)})
    return LoadedDataset(name="numbers", train=split, val=split, classes=tuple(map(str, range(classes))))


def ready(*, labels=tuple(range(CLASSES)), classes=CLASSES, **options):
    objective = Classification(**options)
    objective.prepare(data(labels, classes))
    return objective


def logits(count=8, classes=CLASSES):
    return torch.randn(count, classes, generator=torch.Generator().manual_seed(1))


def log_softmax(scores):
    shifted = scores - scores.max(1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(1, keepdims=True))


def loss(objective, scores, labels, step=0):
    return float(objective.loss(lambda _: scores, {"label": labels}, step)[0])


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_loss_of_mixed_labels_is_that_of_timm(smoothing):
    labels, share, scores = torch.arange(8) % CLASSES, 0.3, logits()
    # timm smooths both labels and mixes them then: off = s / K, on = 1 - s + s / K.
    off = smoothing / CLASSES
    hard = np.full((8, CLASSES), off)
    hard[np.arange(8), labels.numpy()] = 1 - smoothing + off
    target = hard * share + hard[::-1] * (1 - share)
    expected = -(target * log_softmax(scores.double().numpy())).sum(1).mean()
    objective = ready(label_smoothing=smoothing)
    assert loss(objective, scores, mix_labels(labels, CLASSES, share)) == pytest.approx(expected, abs=1e-6)


def test_class_numbers_and_certain_probabilities_are_the_same():
    labels, scores = torch.arange(8) % CLASSES, logits()
    for options in ({}, {"label_smoothing": 0.2}, {"loss": "binary"}, {"loss": "binary", "label_smoothing": 0.2}):
        objective = ready(**options)
        soft = torch.eye(CLASSES)[labels]
        assert loss(objective, scores, labels) == pytest.approx(loss(objective, scores, soft), abs=1e-6)


@pytest.mark.parametrize("threshold", [0.0, 0.2])
def test_binary_cross_entropy_learns_each_class_on_its_own(threshold):
    scores, smoothing = logits(2), 0.1
    soft = torch.tensor([[0.75, 0.25, 0, 0, 0, 0], [0.19, 0.81, 0, 0, 0, 0]])
    target = soft.double().numpy()
    target = target * (1 - smoothing) + smoothing / CLASSES
    if threshold:  # as timm: after the smoothing, which it takes back
        target = (target > threshold).astype(float)
    share = 1 / (1 + np.exp(-scores.double().numpy()))
    expected = -(target * np.log(share) + (1 - target) * np.log(1 - share)).mean()
    objective = ready(loss="binary", label_smoothing=smoothing, target_threshold=threshold)
    assert loss(objective, scores, soft) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("kind", ["cross_entropy", "binary"])
def test_balanced_weights_count_rare_classes_more(kind):
    labels = [0] * 40 + [1] * 8 + [2] * 4 + [3] * 4 + [4] * 2 + [5] * 2
    weights = compute_class_weight("balanced", classes=np.arange(CLASSES), y=labels)
    objective = ready(labels=labels, class_weights="balanced", loss=kind)
    scores, targets = logits(60), torch.tensor(labels)
    single = ready(labels=labels, loss=kind)
    if kind == "cross_entropy":
        rows = -log_softmax(scores.double().numpy())[np.arange(60), labels]
        expected = (rows * weights[labels]).sum() / weights[labels].sum()
        assert loss(objective, scores, targets) == pytest.approx(expected, abs=1e-6)
    assert loss(objective, scores, targets) != pytest.approx(loss(single, scores, targets), abs=1e-3)
    # Validation measures what the samples are.
    assert loss(objective, scores, targets, step=None) == pytest.approx(loss(single, scores, targets, step=None))


def test_a_class_without_samples_has_a_finite_weight():
    objective = ready(labels=[0, 0, 1], class_weights="balanced")
    assert objective.weights.isfinite().all()


def test_metrics_are_those_of_scikit_learn():
    generator = torch.Generator().manual_seed(0)
    labels = torch.cat([torch.zeros(200, dtype=torch.int64), torch.randint(30, (300,), generator=generator)])
    scores = torch.randn(500, 30, generator=generator) + 2 * torch.eye(30)[labels]
    metrics = Accuracy(30, balanced=True, top5=True)
    for begin in range(0, 500, 64):
        metrics.update(scores[begin : begin + 64], {"label": labels[begin : begin + 64]})
    values = metrics.compute()
    assert values["accuracy"] == pytest.approx(float((scores.argmax(1) == labels).float().mean()))
    assert values["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(labels, scores.argmax(1)))
    top5 = top_k_accuracy_score(labels, scores.numpy(), k=5, labels=np.arange(30))
    assert values["top5_accuracy"] == pytest.approx(top5)
    assert set(metrics.measured()) == set(values)
    metrics.reset()
    assert set(metrics.compute().values()) == {0.0}


def test_a_class_without_validation_samples_does_not_lower_the_balanced_accuracy():
    metrics = Accuracy(3, balanced=True)
    metrics.update(torch.eye(3)[[0, 0, 1, 0]], {"label": torch.tensor([0, 0, 1, 1])})
    assert metrics.compute()["balanced_accuracy"] == pytest.approx((1 + 0.5) / 2)


def test_more_is_measured_only_where_it_tells_more():
    even, many = [*range(CLASSES)], [*range(20)]
    assert ready(labels=even).metrics().measured() == ("accuracy",)
    assert ready(labels=[*even, 0]).metrics().measured() == ("accuracy", "balanced_accuracy")
    assert ready(labels=many, classes=20).metrics().measured() == ("accuracy", "top5_accuracy")


def test_a_mixed_sample_counts_for_its_larger_part():
    metrics = Accuracy(3)
    metrics.update(torch.eye(3)[[0, 1, 2]], {"label": torch.tensor([[0.6, 0.4, 0], [0.6, 0.4, 0], [0, 0.1, 0.9]])})
    assert metrics.compute()["accuracy"] == pytest.approx(2 / 3)


class Experts(nn.Module):
    def __init__(self):
        super().__init__()
        self.experts = MixtureOfExperts(8, num_experts=4)
        self.head = nn.Linear(8, CLASSES)

    def forward(self, batch):
        return self.head(self.experts(batch["tokens"]).mean(1))


def test_the_balance_of_experts_is_part_of_the_loss_in_training():
    torch.manual_seed(0)
    model = Experts()
    batch = {"tokens": torch.randn(4, 5, 8), "label": torch.tensor([0, 1, 2, 3])}
    with_balance, without = ready(aux_loss=0.5), ready(aux_loss=0.0)
    total = with_balance.loss(model, batch, 0)[0]
    balance = model.experts.aux_loss.item()
    assert balance > 0.9
    assert total.item() == pytest.approx(without.loss(model, batch, 0)[0].item() + 0.5 * balance, abs=1e-6)
    total.backward()
    assert float(model.experts.router.weight.grad.abs().sum()) > 0
    # Each model has its own modules, and validation omits the balance.
    other = Experts()
    with_balance.loss(other, batch, 0)
    assert model.experts.aux_loss.item() == balance
    model.eval()
    validation = with_balance.loss(model, batch, None)[0]
    assert validation.item() == pytest.approx(without.loss(model, batch, None)[0].item())


def test_a_model_without_such_blocks_has_the_plain_loss():
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, CLASSES))
    batch = {"label": torch.tensor([0, 1])}
    image = torch.randn(2, 1, 2, 2)

    class Named(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = model

        def forward(self, batch):
            return self.inner(image)

    expected = nn.functional.cross_entropy(model(image), batch["label"])
    assert ready().loss(Named(), batch, 0)[0].item() == expected.item()
