"""The confusion matrix and what follows from it, compared with scikit-learn and with the definitions."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composer.core.confusion import Confusion, Predictions

LETTERS = "abcdefgh"


def make(labels: list[int], predicted: list[int], classes: int = 3, **columns: list[float]) -> Predictions:
    count = len(labels)
    confidence = columns.get("confidence", [0.5] * count)
    rank = [int(label != guess) for label, guess in zip(labels, predicted, strict=True)]
    return Predictions(tuple(LETTERS[:classes]), labels, predicted, confidence, rank)


PAIRS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40)


@given(pairs=PAIRS)
def test_values_per_class_agree_with_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    from sklearn import metrics

    labels, predicted = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    confusion = make(labels, predicted, 4).confusion
    numbers = list(range(4))
    assert confusion.rows() == metrics.confusion_matrix(labels, predicted, labels=numbers).tolist()
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        labels, predicted, labels=numbers, zero_division=float("nan")
    )
    for score in confusion.scores:
        index = score.index
        assert score.support == support[index]
        assert score.precision == pytest.approx(precision[index], nan_ok=True) or score.predicted == 0
        assert score.recall == pytest.approx(recall[index], nan_ok=True) or score.support == 0
        if score.f1 is not None:
            assert score.f1 == pytest.approx(f1[index])
    assert confusion.accuracy == pytest.approx(metrics.accuracy_score(labels, predicted))
    present = [score.recall for score in confusion.scores if score.support]
    assert confusion.balanced_accuracy == pytest.approx(sum(value or 0 for value in present) / len(present))


def test_a_class_that_never_occurs_has_no_values() -> None:
    never = make([0, 1], [0, 1]).confusion.scores[2]
    assert (never.precision, never.recall, never.f1, never.support) == (None, None, None, 0)
    assert make([], []).confusion.accuracy == 0.0
    assert make([], []).confusion.balanced_accuracy == 0.0


def test_the_most_confident_mistakes_are_first() -> None:
    predictions = make([0, 0, 1, 2, 2], [0, 1, 0, 1, 1], confidence=[0.99, 0.6, 0.9, 0.7, 0.9])
    assert predictions.mistakes() == [2, 4, 3, 1]
    assert predictions.mistakes(2) == [2, 4]
    assert predictions.in_cell(2, 1) == [4, 3]
    assert predictions.in_cell(0, 2) == []
    assert predictions.confusion.most_confused(2) == [(2, 1, 2), (0, 1, 1)]


def test_top_k_counts_ranks() -> None:
    predictions = Predictions(("a",) * 9, [0] * 4, [0] * 4, [0.5] * 4, [0, 1, 4, 5])
    assert (predictions.top(1), predictions.top(2), predictions.top(5)) == (0.25, 0.5, 0.75)


def test_the_calibration_error_is_the_mean_gap() -> None:
    # Ten predictions at 80 % of which six are right, ten at 55 % of which five are.
    labels = [0] * 20
    predicted = [0] * 6 + [1] * 4 + [0] * 5 + [1] * 5
    predictions = make(labels, predicted, confidence=[0.8] * 10 + [0.55] * 10)
    assert predictions.calibration(10).error == pytest.approx((10 * 0.2 + 10 * 0.05) / 20)
    assert make([0], [0], confidence=[1.0]).calibration().error == 0.0
    assert make([], []).calibration().error == 0.0


@given(confidences=st.lists(st.floats(0, 1), min_size=1, max_size=30), seed=st.integers(0, 9))
def test_the_calibration_error_is_a_share(confidences: list[float], seed: int) -> None:
    draw = random.Random(seed)
    labels = [draw.randrange(2) for _ in confidences]
    calibration = make(labels, [0] * len(labels), 2, confidence=confidences).calibration()
    assert sum(calibration.counts) == len(labels)
    assert 0.0 <= calibration.error <= 1.0


def test_a_thousand_classes_need_only_the_cells_that_occur() -> None:
    classes = tuple(f"class {n}" for n in range(1000))
    confusion = Confusion(classes, {(0, 999): 2, (5, 5): 3})
    assert (confusion.total, confusion.accuracy) == (5, 0.6)
    assert confusion.scores[5].f1 == 1.0
    assert confusion.predicted[999] == 2


def test_samples_without_names_are_numbered() -> None:
    assert make([0, 1], [0, 1]).name(1) == "1"
