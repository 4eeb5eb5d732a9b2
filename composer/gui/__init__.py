"""The window. Talks to torch only through worker processes; imports PySide6 and `composer.core`, never the engine or the blocks."""
