"""The badge beside exported code: whether it was proved to be the drawn network."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QPushButton, QSizePolicy

from composer.gui.look import theme

WORDS = {
    "unverified": "Verify",
    "running": "Verifying… Cancel",
    "verified": "Verified, 0 diff",
    "different": "Not equal",
}
INKS = {"verified": "success", "different": "error"}
ICONS = {"unverified": "check", "running": "stop", "verified": "success", "different": "error"}
WHAT = (
    "Runs the exported code in a clean process that has neither this program nor its blocks, with the same weights, "
    "and compares outputs in evaluation and training mode and every gradient with the drawing"
)


def findings(proof: Mapping[str, Any]) -> str:
    """What a proof found, one line each."""
    keys = "match" if proof["keys_match"] else "DIFFER"
    count = (
        f"{proof['params']:,}"
        if proof["params"] == proof["params_expected"]
        else f"{proof['params']:,}, drawn {proof['params_expected']:,}"
    )
    return "\n".join(
        (
            f"Weights: keys {keys}",
            f"Parameters: {count}",
            *(f"Largest difference, {name}: {value:g}" for name, value in proof["differences"].items()),
            f"Design {proof['design']}, torch {proof['torch']}",
        )
    )


class ProofBadge(QPushButton):
    """A button in the colour of what is known."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setIconSize(QSize(theme.ICON, theme.ICON))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.state = ""
        self.show_state("unverified", None)

    def show_state(self, state: str, proof: Mapping[str, Any] | None) -> None:
        """Say what is known.

        Args:
            state: ``unverified``, ``running``, ``verified`` or ``different``.
            proof: what the engine found, once it did.
        """
        self.state = state
        self.setText(WORDS[state])
        self.setAccessibleName(WORDS[state])
        self.setToolTip(findings(proof) if proof is not None else WHAT)
        self.refresh_theme()

    def refresh_theme(self) -> None:
        """Draw it in the colours of the theme in force."""
        ink = INKS.get(self.state, "text")
        self.setIcon(theme.icon(ICONS[self.state], ink))
        color = getattr(theme.tokens(), ink)
        self.setStyleSheet(f"QPushButton {{ color: {color}; border-color: {color}; }}" if self.state in INKS else "")
