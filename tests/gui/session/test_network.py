"""The runs whose weights the window takes for the network of the design."""

from dataclasses import replace
from pathlib import Path

from composer.core import edits
from composer.core.files.network_identity import NetworkIdentity
from composer.core.files.run_folder import SETTINGS, read_run
from composer.gui.session.session import Session
from tests.gui.tiny import tiny, write_run


def test_a_run_of_the_same_network_is_recognized(session: Session, tmp_path: Path) -> None:
    session.document.apply(tiny(), "Begin")
    run = read_run(write_run(tmp_path / "run", tiny()))
    assert session.is_trained_by(run)
    session.document.edit("Set", edits.set_params, "stem", {"act": "relu"})  # no shape changes
    assert not session.is_trained_by(run)


def test_a_run_with_other_code_of_a_custom_block_is_another_network(session: Session, tmp_path: Path) -> None:
    session.document.apply(tiny(), "Begin")
    run = read_run(write_run(tmp_path / "run", tiny()))
    changed = replace(run, network=NetworkIdentity(run.network.digest, {"Mine": "0" * 16}))
    assert not session.is_trained_by(changed)


def test_a_run_that_recorded_no_digest_is_recognized_by_its_design(session: Session, tmp_path: Path) -> None:
    session.document.apply(tiny(), "Begin")
    folder = write_run(tmp_path / "run", tiny())
    (folder / SETTINGS).write_text("{}")
    assert session.is_trained_by(read_run(folder))
    assert not session.is_trained_by(read_run(tmp_path))
