"""Child processes of the window and the requests they answer."""
