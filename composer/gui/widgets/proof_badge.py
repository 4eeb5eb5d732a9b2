"""The badge beside the generated code: whether the code was verified to compute the same as the drawn network."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QPushButton, QSizePolicy

from composer.gui.look import theme

LABELS = {
    "unverified": "Verify",
    "running": "Verifying… Cancel",
    "verified": "Verified, 0 difference",
    "different": "Different",
}
INKS = {"verified": "success", "different": "error"}
ICONS = {"unverified": "check", "running": "stop", "verified": "success", "different": "error"}
HELP = (
    "Run the exported code in a clean process without Netcomposer and its blocks, with the same weights, and compare "
    "its outputs in evaluation and training mode and every gradient with those of the drawn network"
)


def findings(proof: Mapping[str, Any]) -> str:
    """Return the results of a verification, one line each."""
    keys = "match" if proof["keys_match"] else "differ"
    count = (
        f"{proof['params']:,}"
        if proof["params"] == proof["params_expected"]
        else f"{proof['params']:,}, expected {proof['params_expected']:,}"
    )
    return "\n".join(
        (
            f"State dict keys: {keys}",
            f"Parameters: {count}",
            *(f"Largest difference, {name}: {value:g}" for name, value in proof["differences"].items()),
            *([f"This {proof['scope']}"] if proof.get("scope") else []),
            f"Design {proof['design']}, torch {proof['torch']}",
        )
    )


class ProofBadge(QPushButton):
    """A button that shows the result of the verification in words, icon and colour.

    Attributes:
        state: ``unverified``, ``running``, ``verified`` or ``different``.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setIconSize(QSize(theme.ICON, theme.ICON))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.state = ""
        self.show_state("unverified", None)

    def show_state(self, state: str, proof: Mapping[str, Any] | None) -> None:
        """Show a state.

        Args:
            state: ``unverified``, ``running``, ``verified`` or ``different``.
            proof: the engine's report, or None before there is one.
        """
        self.state = state
        self.setText(LABELS[state])
        self.setAccessibleName(LABELS[state])
        self.setToolTip(findings(proof) if proof is not None else HELP)
        self.refresh_theme()

    def refresh_theme(self) -> None:
        """Redraw in the colours of the current theme."""
        ink = INKS.get(self.state, "text")
        self.setIcon(theme.icon(ICONS[self.state], ink))
        color = getattr(theme.tokens(), ink)
        self.setStyleSheet(f"QPushButton {{ color: {color}; border-color: {color}; }}" if self.state in INKS else "")
