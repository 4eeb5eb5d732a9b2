"""The window. It uses torch only through worker processes: it imports PySide6 and `composer.core`, never the engine."""
