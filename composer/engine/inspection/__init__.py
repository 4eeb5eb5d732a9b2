"""Inspection of a network: the images it is shown, its predictions and its maps, for the window and the terminal."""
