"""Readers of file formats that hold labelled images or numbers; each returns numpy arrays."""
