"""Weights of another network are refused everywhere, or taken by force and labelled."""

import json
from pathlib import Path
from random import Random

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from composer.cli.main import main
from composer.core.errors import UserError
from composer.core.files.design_file import save
from composer.core.files.run_folder import BEST, DESIGN, LAST, SETTINGS, WEIGHTS
from composer.core.graph import Design
from composer.engine.codegen.build import build
from composer.engine.export import export
from composer.engine.inference.infer import Inferrer
from composer.engine.inspection.subject import open_run
from composer.engine.library import catalog
from composer.engine.training.loop import train
from composer.engine.training.storage.run import Run
from composer.engine.training.storage.weights import load_weights
from tests.engine.designs import tiny

TRAINED = tiny()
# Every key and every shape of the weights still fits.
SAME_SHAPES = {
    "attn.num_heads: 2 -> 4": ("num_heads: 2", "num_heads: 4"),
    "attn.act: default -> relu": ("mlp_ratio: 1.0", "mlp_ratio: 1.0, act: relu"),
    "head.pooling: avg -> max": ("pooling: avg", "pooling: max"),
}


def fresh_run(folder: Path, design: Design = TRAINED) -> Run:
    """A run as its training leaves it, without the training."""
    run = Run.create(folder, design, "", {"training": {}})
    weights = build(design, seed=3).state_dict()
    run.save_weights(weights, run.network())
    run.save(BEST, {"format": 2, "model": weights, "network": run.network().to_json(), "best": None})
    run.release()
    return run


@pytest.mark.parametrize("words", SAME_SHAPES)
def test_weights_of_another_network_are_refused_or_labelled(words: str, tmp_path: Path) -> None:
    run, edited = fresh_run(tmp_path / "run"), tiny(SAME_SHAPES[words])
    with pytest.raises(UserError, match=rf"trained in another network \({words}\).*--force"):
        load_weights(run.path, edited, catalog())
    weights = load_weights(run.path, edited, catalog(), force=True)
    assert not weights.trained_here and words in weights.message
    assert load_weights(run.path, TRAINED, catalog()).trained_here


def test_the_command_refuses_with_one_line_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, edited = fresh_run(tmp_path / "run"), tmp_path / "edited.yaml"
    save(tiny(SAME_SHAPES["attn.num_heads: 2 -> 4"]), edited)
    out = tmp_path / "out.safetensors"
    command = ["export", str(edited), "--to", "safetensors", "-o", str(out), "--run", str(run.path)]
    assert main(command) == 2 and not out.exists()
    assert capsys.readouterr().err.count("\n") == 1
    assert main([*command, "--force", "--verify"]) == 0
    text = capsys.readouterr().out
    assert "trained in another network (attn.num_heads: 2 -> 4)" in text
    assert "not that they were trained in this network (attn.num_heads: 2 -> 4)" in text
    with safe_open(out, framework="pt") as file:
        metadata = file.metadata()
    assert "another network (attn.num_heads: 2 -> 4)" in metadata["weights"]
    # The label follows the weights: in the network of the run they belong, in the one of the export they do not.
    assert load_weights(out, TRAINED, catalog()).trained_here
    with pytest.raises(UserError, match="num_heads"):
        load_weights(out, tiny(SAME_SHAPES["attn.num_heads: 2 -> 4"]), catalog())


def test_a_proof_tells_how_far_it_reaches(tmp_path: Path) -> None:
    run = fresh_run(tmp_path / "run")
    scopes = {}
    save_file(build(TRAINED, seed=1).state_dict(), tmp_path / "foreign.safetensors")
    for name, path in {"none": None, "run": run.path, "foreign": tmp_path / "foreign.safetensors"}.items():
        weights = load_weights(path, TRAINED, catalog()) if path else None
        exported = export(TRAINED, "python", tmp_path / "model.py", weights=weights, verify=True)
        assert exported.proof is not None and exported.proof.ok
        scopes[name] = (exported.proof.trained_here, exported.proof.message.rpartition("; ")[2])
    unproven = "proves the code with these weights, not that they were trained in this network "
    assert scopes == {
        "none": (None, "proves the code, with fresh weights"),
        "run": (True, "proves the code with these weights, which were trained in this network (the run run)"),
        "foreign": (False, unproven + "(the network they were trained in is not recorded)"),
    }


@pytest.mark.parametrize("name", ["weights.safetensors", "weights.pt"])
def test_weights_without_a_record_are_unproven(name: str, tmp_path: Path) -> None:
    state, path = build(TRAINED, seed=1).state_dict(), tmp_path / name
    save_file(state, path) if name.endswith("safetensors") else torch.save(state, path)
    weights = load_weights(path, TRAINED, catalog())
    assert weights.difference is None and "unproven" in weights.message
    assert all(torch.equal(weights.tensors[key], value) for key, value in state.items())


@pytest.mark.parametrize("file", [WEIGHTS, BEST])
def test_a_file_of_a_run_knows_its_network(file: str, tmp_path: Path) -> None:
    run = fresh_run(tmp_path / "run")
    assert load_weights(run.path / file, TRAINED, catalog()).trained_here
    with pytest.raises(UserError, match="num_heads: 2 -> 4"):
        load_weights(run.path / file, tiny(SAME_SHAPES["attn.num_heads: 2 -> 4"]), catalog())


def test_an_exported_program_carries_the_origin_of_its_weights(tmp_path: Path) -> None:
    weights = load_weights(fresh_run(tmp_path / "run").path, TRAINED, catalog())
    export(TRAINED, "pt2", tmp_path / "model.pt2", weights=weights)
    extra = {"netcomposer.json": ""}
    torch.export.load(str(tmp_path / "model.pt2"), extra_files=extra)
    metadata = json.loads(extra["netcomposer.json"])
    assert metadata["design"] == metadata["trained_design"] and "trained in this network" in metadata["weights"]


def test_the_design_of_a_run_that_was_edited_after_training_is_refused(tmp_path: Path) -> None:
    run = fresh_run(tmp_path / "run")
    save(tiny(SAME_SHAPES["attn.act: default -> relu"]), run.path / DESIGN)
    with pytest.raises(UserError, match="trained in another network"):
        open_run(run, Inferrer())
    assert "another network" in open_run(run, Inferrer(), force=True).weights.message
    with pytest.raises(UserError, match="trained with another design"):
        train(tiny(SAME_SHAPES["attn.act: default -> relu"]), run.path, resume=True)


def test_weights_copied_from_another_run_are_refused(tmp_path: Path) -> None:
    run, other = fresh_run(tmp_path / "run"), fresh_run(tmp_path / "other", tiny(("num_heads: 2", "num_heads: 4")))
    (run.path / WEIGHTS).write_bytes((other.path / WEIGHTS).read_bytes())
    with pytest.raises(UserError, match=r"attn\.num_heads: 4 -> 2"):
        open_run(run, Inferrer())


def test_a_resumed_run_refuses_the_checkpoint_of_another_network(tmp_path: Path) -> None:
    train(TRAINED, tmp_path / "run", epochs=1)
    train(tiny(("num_heads: 2", "num_heads: 4")), tmp_path / "other", epochs=1)
    (tmp_path / "run" / LAST).write_bytes((tmp_path / "other" / LAST).read_bytes())
    with pytest.raises(UserError, match="holds weights of another network"):
        train(TRAINED, tmp_path / "run", resume=True, epochs=2)


def test_a_run_that_recorded_no_digest_is_compared_by_its_design(tmp_path: Path) -> None:
    run = fresh_run(tmp_path / "run")
    (run.path / SETTINGS).write_text(json.dumps({"training": {}}))
    save_file(build(TRAINED, seed=3).state_dict(), run.path / WEIGHTS)
    assert load_weights(run.path, TRAINED, catalog()).trained_here
    with pytest.raises(UserError, match="num_heads: 2 -> 4"):
        load_weights(run.path, tiny(("num_heads: 2", "num_heads: 4")), catalog())


def test_a_renamed_node_is_told_even_by_force(tmp_path: Path) -> None:
    run = fresh_run(tmp_path / "run")
    renamed = tiny(("gate:", "squeeze:"), ("-> gate", "-> squeeze"), ("gate ->", "squeeze ->"))
    with pytest.raises(UserError, match="added node squeeze, removed node gate"):
        load_weights(run.path, renamed, catalog())
    weights = load_weights(run.path, renamed, catalog(), force=True)
    with pytest.raises(UserError, match=r"do not fit the design .*removed node gate"):
        weights.load_into(build(renamed))


def test_another_version_of_torch_is_only_noted(tmp_path: Path) -> None:
    run = fresh_run(tmp_path / "run")
    settings = json.loads((run.path / SETTINGS).read_text())
    settings["versions"] = {"torch": "1.0"}
    (run.path / SETTINGS).write_text(json.dumps(settings))
    weights = load_weights(run.path, TRAINED, catalog())
    assert weights.trained_here and weights.remarks == (f"trained with torch 1.0, here {torch.__version__}",)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"junk", "cannot be read as safetensors"), (None, "file not found")],
)
def test_a_file_that_is_not_one_of_weights_is_one_sentence(content: bytes | None, words: str, tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=words):
        load_weights(path, TRAINED, catalog())
    torch.save({"epoch": 3}, tmp_path / "odd.pt")
    with pytest.raises(UserError, match="holds no weights"):
        load_weights(tmp_path / "odd.pt", TRAINED, catalog())


@pytest.mark.parametrize("name", [WEIGHTS, BEST, SETTINGS, DESIGN])
def test_a_damaged_file_of_a_run_is_one_sentence(name: str, tmp_path: Path) -> None:
    run, random = fresh_run(tmp_path / "run"), Random(4)
    if name == BEST:
        (run.path / WEIGHTS).unlink()
    whole = (run.path / name).read_bytes()
    model = build(TRAINED)
    for _ in range(60):
        damaged = bytearray(whole[: random.randrange(1, len(whole))] if random.random() < 0.3 else whole)
        for _ in range(random.randrange(1, 5)):
            damaged[random.randrange(min(len(damaged), 2500))] = random.randrange(256)
        (run.path / name).write_bytes(damaged)
        message = ""
        try:
            load_weights(run.path, TRAINED, catalog(), force=True).load_into(model)
        except UserError as error:
            message = str(error)
        assert "\n" not in message


@pytest.mark.parametrize("text", ["[]", "null", "5", "[" * 100_000])
def test_settings_that_are_none_are_one_sentence(text: str, tmp_path: Path) -> None:
    run = fresh_run(tmp_path / "run")
    (run.path / SETTINGS).write_text(text)
    with pytest.raises(UserError, match=r"settings\.json"):
        load_weights(run.path, TRAINED, catalog())
