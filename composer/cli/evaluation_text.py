"""The report of `netcomposer evaluate` as text."""

from collections.abc import Collection, Iterator

from composer.core import units
from composer.core.confusion import TOP, Predictions
from composer.core.run_records import MetricSpec
from composer.core.text_table import align

# Larger matrices do not fit a terminal; the pairs that are confused most often do.
MAX_MATRIX = 24
MAX_CLASSES = 40
CONFUSED = 8
NAME_WIDTH = 10


def metric_line(metrics: list[tuple[MetricSpec, float]]) -> str:
    """Return the metrics of the objective in one line."""
    return "   ".join(f"{metric.title.lower()} {metric.write(value)}" for metric, value in metrics)


def score_lines(predictions: Predictions, reported: Collection[str] = ()) -> Iterator[str]:
    """Yield the values of all classes together, then those of each class, the worst first.

    Args:
        predictions: the predictions.
        reported: titles of the metrics that the objective has reported already, in lower case.
    """
    confusion = predictions.confusion
    values = {"balanced accuracy": units.percent(confusion.balanced_accuracy), "macro F1": f"{confusion.macro_f1:.3f}"}
    if len(predictions.classes) > TOP:
        values[f"top-{TOP} accuracy"] = units.percent(predictions.top(TOP))
    values["calibration error"] = units.percent(predictions.calibration().error)
    yield "   ".join(f"{title} {value}" for title, value in values.items() if title not in reported)
    yield ""
    scores = sorted(confusion.scores, key=lambda score: (score.f1 is None, score.f1, score.index))
    rows = [("class", "precision", "recall", "F1", "samples")]
    rows += [
        (score.name, _percent(score.precision), _percent(score.recall), _percent(score.f1), str(score.support))
        for score in scores[:MAX_CLASSES]
    ]
    yield from align(rows, right={1, 2, 3, 4})
    if len(scores) > MAX_CLASSES:
        yield f"and {len(scores) - MAX_CLASSES} classes with higher F1; --json lists all"
    if pairs := confusion.most_confused(CONFUSED):
        words = (f"{confusion.classes[label]} as {confusion.classes[guess]} ({count})" for label, guess, count in pairs)
        yield ""
        yield f"most often confused: {', '.join(words)}"


def matrix_lines(predictions: Predictions) -> Iterator[str]:
    """Yield the confusion matrix: a row for each true class, a column for each predicted one."""
    yield ""
    if len(predictions.classes) > MAX_MATRIX:
        yield f"the matrix of {len(predictions.classes)} classes is too wide for a terminal; --json has all cells"
        return
    names = [_short(name) for name in predictions.classes]
    rows = [["true \\ predicted", *names]]
    for name, row in zip(predictions.classes, predictions.confusion.rows(), strict=True):
        rows.append([name, *(str(count) if count else "." for count in row)])
    yield from align(rows, right=range(1, len(names) + 1))


def mistake_lines(predictions: Predictions, count: int) -> Iterator[str]:
    """Yield the wrong predictions that the network was most sure of."""
    wrong = predictions.mistakes(count)
    yield ""
    if not wrong:
        yield "no mistakes"
        return
    rows = [("sample", "true", "predicted", "sure")]
    rows += [
        (
            predictions.name(index),
            predictions.classes[predictions.labels[index]],
            predictions.classes[predictions.predicted[index]],
            units.percent(predictions.confidence[index]),
        )
        for index in wrong
    ]
    yield from align(rows, right={3})


def _percent(value: float | None) -> str:
    return "-" if value is None else units.percent(value)


def _short(name: str) -> str:
    return name if len(name) <= NAME_WIDTH else f"{name[: NAME_WIDTH - 1]}…"
