"""The time page of the costs panel: a roofline estimate from a device's datasheet, and measurements on this machine."""

from collections.abc import Callable, Mapping
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

THIS_MACHINE = "this"
PRECISION_WIDTH = 72
LIMITS = {"compute": "arithmetic", "memory": "memory bandwidth"}


class TimePage(QScrollArea):
    """Chooses the device of the estimate and starts measurements; both results go into the session's `CostLens`.

    Args:
        session: the session.

    Attributes:
        device: the device of the estimate.
        precision: the precision of the estimate; hidden without a device.
        estimate: the estimated time, or how to get one.
        source: the numbers of the device that the estimate uses; the tooltip names their datasheet.
        where: the device to measure on.
        measure: starts or cancels a measurement.
        result: the measured time.
        notice: why a measurement failed.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(widgetResizable=True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._session = session
        self._job: Job | None = None
        self._this_machine: DeviceProfile | None = None
        self.device, self.precision, self.where = DropDown(), QComboBox(), DropDown()
        self.device.setAccessibleName("Device of the estimate")
        self.device.addItem("No device", "")
        self.device.addItem("This machine", THIS_MACHINE)
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
        self.setWidget(self._make_page())
        self.device.currentIndexChanged.connect(lambda _: self._choose_device())
        self.precision.currentIndexChanged.connect(lambda _: self._choose_precision())
        session.theme_changed.connect(self.notice.refresh_theme)

    def _make_page(self) -> QWidget:
        estimate_row, measure_row = row(self.device, self.precision), row(self.where, self.measure)
        estimate_row.setStretch(0, 1)
        measure_row.setStretch(0, 1)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 8, 0, 8)
        layout.setSpacing(4)
        layout.addWidget(label("Roofline estimate", "heading"))
        layout.addLayout(estimate_row)
        layout.addWidget(self.estimate)
        layout.addWidget(self.source)
        layout.addSpacing(8)
        layout.addWidget(label("Measured", "heading"))
        layout.addLayout(measure_row)
        layout.addWidget(self.result)
        layout.addWidget(self.progress)
        layout.addWidget(self.notice)
        layout.addStretch(1)
        return page

    def refresh(self) -> None:
        """Show the current devices and times."""
        self._show_devices()
        self._show_estimate()
        self._show_measurement()

    def _show_devices(self) -> None:
        session = self._session
        with QSignalBlocker(self.where):
            if self.where.count() != len(session.devices):
                self.where.clear()
                for device in session.devices:
                    self.where.addItem(device.get("label", device["name"]), device["name"])
        can_measure = bool(session.devices and session.document.design.main.nodes and not session.problems)
        self.measure.setEnabled(self._job is not None or can_measure)
        self.measure.setToolTip("" if self.measure.isEnabled() else "The network must be free of problems")

    def _show_estimate(self) -> None:
        session, lens = self._session, self._session.lens
        self.precision.setVisible(lens.device is not None)
        if lens.device is None:
            self.estimate.setText(
                "Measuring this machine"
                if self.device.currentData() == THIS_MACHINE
                else "Choose a device to see the shortest time that each node can take on it."
            )
            self.source.setText("")
            return
        # The facts of a node of the main graph include those inside its sub-graph.
        top_level = [facts for path, facts in session.facts.nodes.items() if "/" not in path]
        total = sum(estimate.seconds for facts in top_level if (estimate := lens.estimate(facts)) is not None)
        lines = [f"At least {units.short_time(total)} per forward pass at batch {session.batch}"]
        selection = session.document.selection
        facts = session.facts_for(selection[0]) if len(selection) == 1 else None
        if isinstance(facts, NodeFacts) and (estimate := lens.estimate(facts)) is not None and estimate.seconds:
            lines.append(f"{selection[0]}: {units.short_time(estimate.seconds)}, limited by {LIMITS[estimate.bound]}")
        self.estimate.setText("\n".join(lines))
        peak, bandwidth = units.count(lens.device.peaks[lens.precision]), units.memory(lens.device.bandwidth)
        ridge = roofline.ridge(lens.device, lens.precision)
        self.source.setText(f"{peak}FLOP/s, {bandwidth}/s, ridge at {ridge:.3g} FLOPs/byte")
        self.source.setToolTip("\n".join(line for line in (lens.device.source, lens.device.url) if line))

    def _show_measurement(self) -> None:
        lens = self._session.lens
        if not lens.measured:
            self.result.setText("Not measured yet")
            self.result.setToolTip("")
            return
        self.result.setText(f"{units.short_time(lens.measured_whole)} per forward pass on {lens.measured_where}")
        overhead = units.short_time(abs(lens.measured_overhead))
        comparison = "longer" if lens.measured_overhead >= 0 else "shorter"
        self.result.setToolTip(
            f"The nodes were timed in separate passes, which took {overhead} {comparison}. "
            "The time of a repeat is the sum of its iterations."
        )

    # --- the estimate -----------------------------------------------------------------------------------------------

    def _choose_device(self) -> None:
        key = self.device.currentData()
        if key == THIS_MACHINE and self._this_machine is None:
            self._start_job("device_profile", {"device": "auto"}, self._store_profile)
            return
        self._use_device(self._this_machine if key == THIS_MACHINE else PROFILES.get(key))

    def _store_profile(self, reply: Mapping[str, Any]) -> None:
        self._finish_job()
        self._this_machine = DeviceProfile(**reply)
        if self.device.currentData() == THIS_MACHINE:
            self._use_device(self._this_machine)

    def _use_device(self, device: DeviceProfile | None) -> None:
        """Estimate for a device, in the precision chosen before if the device has it."""
        with QSignalBlocker(self.precision):
            precision = self.precision.currentText() or "fp32"
            self.precision.clear()
            self.precision.addItems(list(device.peaks) if device is not None else [])
            self.precision.setCurrentIndex(max(0, self.precision.findText(precision)) if device is not None else -1)
        self._session.lens.set_device(device, self.precision.currentText() or "fp32")

    def _choose_precision(self) -> None:
        self._session.lens.set_device(self._session.lens.device, self.precision.currentText())

    # --- the measurement --------------------------------------------------------------------------------------------

    def _press_measure(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._finish_job()
            self._drop_unmeasured_machine()
            return
        session = self._session
        params = {
            "design": to_json(session.document.design),
            "device": self.where.currentData(),
            "batch": session.batch,
        }
        network = session.network.key

        def store(reply: Mapping[str, Any]) -> None:
            self._finish_job()
            if session.network.key == network:
                session.lens.set_measured(reply)
            else:
                self.notice.show_message("The network changed during the measurement; measure again", "warning")

        self._start_job("profile", params, store)

    def _start_job(self, method: str, params: Mapping[str, Any], on_reply: Callable[[Mapping[str, Any]], None]) -> None:
        if self._job is not None:
            self._job.cancel()
        self.notice.clear()
        self._job = self._session.jobs.start(method, params, on_reply, self._show_failure, self._show_progress)
        self.measure.setText("Cancel")
        self.measure.setEnabled(True)
        self.progress.setRange(0, 0)
        self.progress.show()
        self.refresh()

    def _show_progress(self, share: float, _message: str) -> None:
        self.progress.setRange(0, 100)
        self.progress.setValue(round(100 * share))

    def _show_failure(self, reason: str) -> None:
        trace = self._job.trace if self._job is not None else ""
        self._finish_job()
        self._drop_unmeasured_machine()
        self.notice.show_message(reason, "error", details=trace)

    def _finish_job(self) -> None:
        self._job = None
        self.measure.setText("Measure")
        self.progress.hide()
        self.refresh()

    def _drop_unmeasured_machine(self) -> None:
        """Go back to "No device" if this machine was chosen for the estimate but has not been measured."""
        if self.device.currentData() == THIS_MACHINE and self._this_machine is None:
            self.device.setCurrentIndex(0)
