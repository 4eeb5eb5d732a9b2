import pytest

from composer.core.run_records import (
    LOSS_SPEC,
    Head,
    MetricSpec,
    best_of,
    declared_head,
    upgrade_record,
    upgrade_state,
)

ERROR = MetricSpec("error", "Mean error", "", "min")
HEAD = Head("regression", ERROR, (ERROR, MetricSpec("hits", "Hits", "%")), MetricSpec("loss", "Loss", "nats", "min"))


def test_a_head_survives_its_record():
    assert Head.from_record(HEAD.to_record()) == HEAD
    assert Head.from_record({"kind": "head", "metrics": 3}) == Head("", LOSS_SPEC, ())


def test_the_head_of_an_objective_comes_from_its_declaration():
    head = declared_head("classification")
    assert head.primary in head.metrics
    assert head.loss.unit == "nats"
    assert declared_head("of another version").primary == LOSS_SPEC


@pytest.mark.parametrize(("direction", "best"), [("max", 3.0), ("min", 1.0)])
def test_the_direction_decides_what_is_better(direction, best):
    metric = MetricSpec("m", "M", "", direction)
    assert metric.best([2.0, 1.0, 3.0]) == best
    assert metric.best([]) is None
    assert metric.is_better(best, 2.0)
    assert not metric.is_better(2.0, best)
    assert not metric.is_better(2.0, 2.0)
    assert metric.is_better(2.0, None)


def test_shares_are_written_in_percent():
    assert MetricSpec("hits", "Hits", "%").write(0.975) == "97.5 %"
    assert ERROR.write(0.0123456) == "0.01235"


def test_present_records_stay_as_they_are():
    record = {"kind": "epoch", "epoch": 1, "metrics": {"train": {}, "val": {"loss": 1.0}}, "samples_per_s": 3.0}
    assert upgrade_record(dict(record)) == record
    state = {"state": "done", "best": {"metric": ERROR.to_json(), "value": 0.5, "epoch": 2}}
    assert upgrade_state(dict(state)) == state
    assert best_of(state) == (ERROR, 0.5, 2)
    assert best_of({"state": "new"}) is None
    assert best_of({"best": {"metric": {}, "value": 1, "epoch": 1}}) is None
