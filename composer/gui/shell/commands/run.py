"""Commands for training, the engine, and the trust in custom blocks and datasets."""

from pathlib import Path

from composer.core import edits
from composer.core.errors import UserError
from composer.core.files.run_folder import DESIGN
from composer.core.run_command import branch_settings
from composer.gui.dialogs.branch_run import RunBranch
from composer.gui.shell import unsaved
from composer.gui.shell.commands import Command
from composer.gui.shell.context import Context


def train(context: Context) -> None:
    """Start a training from the training panel, which shows what is trained and how."""
    context.docks.show("training")
    context.session.training_requested.emit()


def branch_run(context: Context, branch: RunBranch | None = None) -> None:
    """Open a copy of the design of a run, with its settings and the weights to start from, and show the settings.

    Without a run, the runs panel opens, which has one to select.
    """
    session = context.session
    if branch is None:
        context.docks.show("runs")
        return
    if not unsaved.may_replace_design(context.window, session):
        return
    try:
        training = branch_settings(branch.run, branch.selection)
    except UserError as error:
        context.show_error(error)
        return
    if session.open_template(branch.run / DESIGN):
        session.document.edit_design("Branch from a run", lambda design: edits.set_training(design, training))
        context.docks.show("training")


def stop_training(context: Context) -> None:
    """Ask all trainings to save and end."""
    for run in context.session.runs:
        if run.active:
            run.stop()


def trust_blocks(context: Context) -> None:
    """Ask whether to trust the first folder of custom blocks that the design uses and that is not trusted yet."""
    from composer.gui.dialogs.trust import ask_trust

    session = context.session

    def trust(folder: Path) -> None:
        try:
            session.custom_blocks.add_folder(folder, trusted=True)
        except UserError as error:
            context.show_error(error)

    folder = next(iter(session.custom_blocks.untrusted(session.document.design)), None)
    if folder is not None:
        ask_trust(context.window, folder, lambda yes: trust(folder) if yes else None)


def trust_data(context: Context) -> None:
    """Ask whether to trust the Python file that the design learns from."""
    from composer.gui.dialogs.trust import ask_trust

    session = context.session

    def trust(file: Path) -> None:
        try:
            session.data.trust(file)
        except UserError as error:
            context.show_error(error)

    file = session.data.untrusted_file()
    if file is not None:
        ask_trust(context.window, file, lambda yes: trust(file) if yes else None)


def restart_engine(context: Context) -> None:
    """End the engine process and start another one."""
    context.session.restart_engine()


COMMANDS = (
    Command("branch_run", "Branch from a run", branch_run),
    Command("train", "Train", train, "Run", 11, ("Ctrl+Return",), "play", toolbar=True),
    Command(
        "stop_training",
        "Stop training",
        stop_training,
        "Run",
        12,
        ("Ctrl+Alt+Return",),
        "stop",
        enabled=lambda context: any(run.active for run in context.session.runs),
    ),
    Command(
        "trust_blocks",
        "Trust custom blocks…",
        trust_blocks,
        "Run",
        21,
        icon="lock",
        enabled=lambda context: bool(context.session.custom_blocks.untrusted(context.document.design)),
        tip="Allow the code of the custom blocks that this design uses to run",
    ),
    Command(
        "trust_data",
        "Trust dataset…",
        trust_data,
        "Run",
        22,
        icon="lock",
        enabled=lambda context: context.session.data.untrusted_file() is not None,
        tip="Allow the Python file that this design learns from to run",
    ),
    Command("restart_engine", "Restart engine", restart_engine, "Run", 23, icon="engine"),
)
