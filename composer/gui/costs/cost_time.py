"""Time: the least that a network takes on a device by its datasheet, and what it really takes on a device of this machine."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QComboBox, QProgressBar, QScrollArea, QVBoxLayout, QWidget

from composer.core import roofline, units
from composer.core.device_profiles import PROFILES, DeviceProfile
from composer.core.facts import NodeFacts
from composer.core.files.design_json import to_json
from composer.gui.session.session import Session
from composer.gui.widgets.drop_down import DropDown
from composer.gui.widgets.labels import button, label, row
from composer.gui.widgets.notice import Notice
from composer.gui.workers.jobs import Job

THIS = "this"
PRECISION_WIDTH = 72


class TimePage(QScrollArea):
    """Chooses the device of the estimate and starts measurements; the numbers go into `CostLens`.

    Args:
        session: the session.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(widgetResizable=True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._session = session
        self._job: Job | None = None
        self._this: DeviceProfile | None = None
        self.device, self.precision, self.where = DropDown(), QComboBox(), DropDown()
        self.device.setAccessibleName("Device of the estimate")
        self.device.addItem("No device", "")
        self.device.addItem("This machine", THIS)
        for key, profile in PROFILES.items():
            self.device.addItem(profile.title, key)
        self.precision.setAccessibleName("Precision")
        self.precision.setFixedWidth(PRECISION_WIDTH)
        self.where.setAccessibleName("Device to measure on")
        for box in (self.device, self.where):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(8)
        self.measure = button("Measure", self._press_measure)
        self.estimate, self.source = label("", wrap=True), label("", "small", wrap=True)
        self.result = label("", wrap=True)
        self.progress = QProgressBar(textVisible=False)
        self.progress.hide()
        self.notice = Notice()
        chosen, measured = row(self.device, self.precision), row(self.where, self.measure)
        chosen.setStretch(0, 1)
        measured.setStretch(0, 1)
        inside = QWidget()
        self.setWidget(inside)
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(0, 8, 0, 8)
        layout.setSpacing(4)
        layout.addWidget(label("Least time, by peak arithmetic and bandwidth", "heading"))
        layout.addLayout(chosen)
        layout.addWidget(self.estimate)
        layout.addWidget(self.source)
        layout.addSpacing(8)
        layout.addWidget(label("Measured", "heading"))
        layout.addLayout(measured)
        layout.addWidget(self.result)
        layout.addWidget(self.progress)
        layout.addWidget(self.notice)
        layout.addStretch(1)
        self.device.currentIndexChanged.connect(lambda _: self._choose())
        self.precision.currentIndexChanged.connect(lambda _: self._choose_precision())
        session.theme_changed.connect(self.notice.refresh_theme)

    def refresh(self) -> None:
        """Show the times of the moment."""
        session, lens = self._session, self._session.lens
        with QSignalBlocker(self.where):
            if self.where.count() != len(session.devices):
                self.where.clear()
                for device in session.devices:
                    self.where.addItem(device.get("label", device["name"]), device["name"])
        self.measure.setEnabled(
            self._job is not None
            or bool(session.devices and session.document.design.main.nodes and not session.problems)
        )
        self.measure.setToolTip("" if self.measure.isEnabled() else "The network must be free of problems")
        self.precision.setEnabled(lens.device is not None)
        if lens.device is None:
            asked = self.device.currentData() == THIS
            self.estimate.setText(
                "Measuring this machine" if asked else "Choose a device to see the least time of each node."
            )
            self.source.setText("")
        else:
            known = {path: facts for path, facts in session.facts.nodes.items() if "/" not in path}
            parts = {path: found for path, facts in known.items() if (found := lens.estimate(facts)) is not None}
            whole = sum(found.seconds for found in parts.values())
            lines = [f"At least {units.short_time(whole)} a forward pass at batch {session.batch}"]
            chosen = session.facts_for(session.document.selection[0]) if len(session.document.selection) == 1 else None
            if isinstance(chosen, NodeFacts) and (found := lens.estimate(chosen)) is not None and found.seconds:
                limit = "arithmetic" if found.bound == "compute" else "memory bandwidth"
                lines.append(f"{session.document.selection[0]}: {units.short_time(found.seconds)}, limited by {limit}")
            self.estimate.setText("\n".join(lines))
            peak, bandwidth = units.count(lens.device.peaks[lens.precision]), units.memory(lens.device.bandwidth)
            ridge = roofline.ridge(lens.device, lens.precision)
            self.source.setText(f"{peak}FLOP/s, {bandwidth}/s, ridge at {ridge:.3g} FLOPs/byte")
            self.source.setToolTip("\n".join(line for line in (lens.device.source, lens.device.url) if line))
        self.result.setText(
            f"{units.short_time(lens.measured_whole)} a forward pass on {lens.measured_where}"
            if lens.measured
            else "Not measured yet"
        )
        more, sign = (
            units.short_time(abs(lens.measured_overhead)),
            "longer" if lens.measured_overhead >= 0 else "shorter",
        )
        told = f"The nodes were measured in passes of their own, which took {more} {sign}; all rounds of a repeat are added"
        self.result.setToolTip(told if lens.measured else "")

    # --- the estimate -----------------------------------------------------------------------------------------------

    def _choose(self) -> None:
        key = self.device.currentData()
        if key == THIS and self._this is None:
            self._run("device_profile", {"device": "auto"}, self._take_profile)
            return
        self._use(self._this if key == THIS else PROFILES.get(key))

    def _take_profile(self, answer: Mapping[str, Any]) -> None:
        self._end()
        self._this = DeviceProfile(**answer)
        if self.device.currentData() == THIS:
            self._use(self._this)

    def _use(self, device: DeviceProfile | None) -> None:
        with QSignalBlocker(self.precision):
            wanted = self.precision.currentText() or "fp32"
            self.precision.clear()
            self.precision.addItems(list(device.peaks) if device is not None else [])
            self.precision.setCurrentIndex(max(0, self.precision.findText(wanted)) if device is not None else -1)
        self._session.lens.set_device(device, self.precision.currentText() or "fp32")

    def _choose_precision(self) -> None:
        self._session.lens.set_device(self._session.lens.device, self.precision.currentText())

    # --- the measurement --------------------------------------------------------------------------------------------

    def _press_measure(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._end()
            if self.device.currentData() == THIS and self._this is None:
                self.device.setCurrentIndex(0)
            return
        session = self._session
        params = {
            "design": to_json(session.document.design),
            "device": self.where.currentData(),
            "batch": session.batch,
        }
        digest = session.digest

        def take(answer: Mapping[str, Any]) -> None:
            self._end()
            if session.digest == digest:
                session.lens.set_measured(answer)
            else:
                self.notice.show_message("The network changed meanwhile; measure again", "warning")

        self._run("profile", params, take)

    def _run(self, method: str, params: Mapping[str, Any], take: Any) -> None:
        if self._job is not None:
            self._job.cancel()
        self.notice.clear()
        self._job = self._session.jobs.start(method, params, take, self._fail, self._advance)
        self.measure.setText("Cancel")
        self.measure.setEnabled(True)
        self.progress.setRange(0, 0)
        self.progress.show()
        self.refresh()

    def _advance(self, share: float, _message: str) -> None:
        self.progress.setRange(0, 100)
        self.progress.setValue(round(100 * share))

    def _fail(self, reason: str) -> None:
        trace = self._job.trace if self._job is not None else ""
        self._end()
        if self.device.currentData() == THIS and self._this is None:
            self.device.setCurrentIndex(0)
        self.notice.show_message(reason[:1].upper() + reason[1:], "error", details=trace)

    def _end(self) -> None:
        self._job = None
        self.measure.setText("Measure")
        self.progress.hide()
        self.refresh()
