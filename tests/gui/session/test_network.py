"""The runs whose weights the window takes for the network of the design."""

from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from composer.core import edits
from composer.core.blocks import block_folders
from composer.core.files.design_file import loads
from composer.core.files.network_identity import NetworkIdentity
from composer.core.files.run_folder import SETTINGS, read_run
from composer.gui.session.session import Session
from composer.gui.session.verification import Verification
from tests.custom_block import DESIGN, write_block
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


def test_a_proof_ends_when_the_code_of_a_custom_block_changes(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.delenv(block_folders.VARIABLE, raising=False)
    folder = tmp_path / "blocks_of_mine"
    write_block(folder, 2)
    session.custom_blocks.add_folder(folder, trusted=True)
    session.document.apply(loads(DESIGN, "own"), "Begin")
    verification, before = Verification(session), session.network.key
    verification._on_proof(before, {"ok": True})
    assert verification.state == "verified"
    write_block(folder, 3)
    qtbot.waitUntil(lambda: session.network.key != before)
    qtbot.waitUntil(lambda: verification.state == "unverified")
    write_block(folder, 2)
    qtbot.waitUntil(lambda: session.network.key == before)
    verification.recall()
    assert verification.state == "verified"
