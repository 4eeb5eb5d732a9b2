"""The end of a run: the weights of the best epoch, chosen on validation, are measured once on the test part."""

from typing import Any

from composer.core.files.run_folder import BEST
from composer.engine.training.predictions import PredictionCollector
from composer.engine.training.preparation import Preparation
from composer.engine.training.storage.records import TrainingState, final_test_record
from composer.engine.training.storage.run import Run
from composer.engine.training.validation import VAL_FACTOR, validate


def measure_test_part(run: Run, parts: Preparation, state: TrainingState) -> Any:
    """Return the test record of a finished run; None if there is no test part or no best epoch.

    The network has the weights of the best epoch afterwards, and its predictions are stored.

    Args:
        run: the run, whose last epoch is saved.
        parts: what it consists of.
        state: how far it is.
    """
    if parts.test_split is None or state.best is None:
        return None
    checkpoint = run.load(BEST)
    if checkpoint is None:
        return None
    parts.network.load_state_dict(checkpoint["model"])
    collector = PredictionCollector(len(parts.test_split))
    size = VAL_FACTOR * parts.plan.settings.batch_size
    values = validate(parts.model, parts.test_split, parts.objective, size, collector)
    run.save_predictions(
        collector, parts.test_split, part="test", epoch=state.best["epoch"], classes=parts.data_facts.classes
    )
    return final_test_record(state, values)
