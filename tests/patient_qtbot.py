"""Waiting for Qt with deadlines that scale; apart from `patience`, because benchmarks must not load Qt."""

from typing import Any

from pytestqt.qtbot import QtBot

from tests.patience import seconds


class PatientQtBot(QtBot):
    """The bot of pytest-qt with every deadline (milliseconds) scaled."""

    def waitUntil(self, callback: Any, *, timeout: float = 5000) -> None:
        super().waitUntil(callback, timeout=round(seconds(timeout)))

    def waitExposed(self, widget: Any, *, timeout: float = 5000) -> Any:
        return super().waitExposed(widget, timeout=round(seconds(timeout)))

    def waitActive(self, widget: Any, *, timeout: float = 5000) -> Any:
        return super().waitActive(widget, timeout=round(seconds(timeout)))

    def waitSignal(self, signal: Any, *, timeout: float = 5000, **options: Any) -> Any:
        return super().waitSignal(signal, timeout=round(seconds(timeout)), **options)

    def waitSignals(self, signals: Any, *, timeout: float = 5000, **options: Any) -> Any:
        return super().waitSignals(signals, timeout=round(seconds(timeout)), **options)

    def waitCallback(self, *, timeout: float = 5000, **options: Any) -> Any:
        return super().waitCallback(timeout=round(seconds(timeout)), **options)
