"""The one exception whose text is meant for the user."""


class UserError(Exception):
    """A problem that the user can understand and solve: the message names the thing, its value, what was expected, what
    to do.
    """


class DesignError(UserError):
    """A design that cannot be read, edited or built.

    Args:
        message: one clear sentence.
        node: id of the node it concerns, if there is one; inside sub-graphs the path, joined by dots.
    """

    def __init__(self, message: str, node: str | None = None) -> None:
        super().__init__(message)
        self.node = node
