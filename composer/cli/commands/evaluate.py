"""`netcomposer evaluate`."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

from composer.cli.options import AsJson, DeviceName, ForceWeights, Option, positive
from composer.core.data_facts import PARTS

KIND = "predictions"


def run(
    run: Annotated[Path, Option(metavar="RUN", help="folder of a run")],
    *,
    data: Annotated[
        str | None,
        Option("--data", metavar="SOURCE", help="other samples, with classes of the same names: images:FOLDER, digits"),
    ] = None,
    part: Annotated[
        str | None,
        Option(
            "--part",
            choices=(*PARTS, "all"),
            help="by default test, or val where there is no test part; all samples of other data",
        ),
    ] = None,
    device: DeviceName = "auto",
    confusion: Annotated[bool, Option("--confusion", help="print the confusion matrix too")] = False,
    mistakes: Annotated[
        int, Option("--mistakes", type=positive, metavar="N", help="list the N mistakes the network is most sure of")
    ] = 0,
    out: Annotated[
        Path | None, Option("--out", metavar="FILE.npz", help="write scores, labels and names of all samples")
    ] = None,
    as_json: AsJson = False,
    force: ForceWeights = False,
) -> int:
    """Measure the best weights of a run on its test part or on other data, class by class."""
    from composer.core.extension_text import absolute_reference, parse_reference
    from composer.core.files.replacing import check_replace, write_output
    from composer.engine.evaluation.evaluate import evaluate

    source = absolute_reference("data", parse_reference("data", data), Path.cwd()) if data is not None else None
    if out is not None:
        check_replace(out, kind=KIND, source=run, force=force)
    progress = _report_progress if sys.stderr.isatty() else None
    result = evaluate(run, data=source, part=part, device=device, force=force, progress=progress)
    if out is not None:
        write_output(out, result.archive(), kind=KIND, source=run, force=force)
    if as_json:
        print(json.dumps(_json(result, confusion=confusion, mistakes=mistakes), indent=2))
    else:
        _print(result, confusion=confusion, mistakes=mistakes)
        if out is not None:
            print(f"\n{out}")
    return 0


def _report_progress(done: int, samples: int) -> None:
    sys.stderr.write("\r" + (f"{done:,} of {samples:,} samples" if done < samples else " " * 40 + "\r"))
    sys.stderr.flush()


def _json(result: Any, *, confusion: bool, mistakes: int) -> dict[str, Any]:
    from composer.core.confusion import summary

    values: dict[str, Any] = {
        "run": result.run,
        "epoch": result.epoch,
        "data": result.data,
        "part": result.part,
        "samples": result.samples,
        "device": result.device,
        "metrics": dict(result.metrics),
        "notes": list(result.notes),
    }
    if (predictions := result.predictions) is not None:
        values["classification"] = summary(predictions)
        if confusion:
            values["matrix"] = predictions.confusion.rows()
        if mistakes:
            values["mistakes"] = [
                {
                    "index": index,
                    "name": predictions.name(index),
                    "class": predictions.classes[predictions.labels[index]],
                    "predicted": predictions.classes[predictions.predicted[index]],
                    "confidence": predictions.confidence[index],
                }
                for index in predictions.mistakes(mistakes)
            ]
    return values


def _print(result: Any, *, confusion: bool, mistakes: int) -> None:
    from composer.cli import evaluation_text as text

    epoch = f"epoch {result.epoch} of " if result.epoch else ""
    part = "all samples" if result.part == "all" else f"the {result.part} part"
    print(f"{epoch}{result.run} on {part} of {result.data}: {result.samples:,} samples, {result.device}")
    for note in result.notes:
        print(f"note: {note}")
    head = result.head
    specs = [metric for metric in (head.loss, *head.metrics) if metric.name in result.metrics]
    print(text.metric_line([(metric, result.metrics[metric.name]) for metric in specs]))
    predictions = result.predictions
    if predictions is None:
        print("the objective has no scores per class, so there is no confusion matrix")
        return
    print("\n".join(text.score_lines(predictions, [metric.title.lower() for metric in specs])))
    if confusion:
        print("\n".join(text.matrix_lines(predictions)))
    if mistakes:
        print("\n".join(text.mistake_lines(predictions, mistakes)))
