"""The route of a wire through bends that the user placed. Knows no Qt."""

from collections.abc import Sequence
from itertools import pairwise

from composer.gui.canvas.routing.route import STUB, FlowPoint, Route, RouteRequest


def through_bends(request: RouteRequest, bends: Sequence[FlowPoint]) -> Route:
    """Return the route through bends that the user placed: it passes each along the flow and turns in between.

    So one bend is enough for an arc.
    """
    line = [request.start, *bends, request.end]
    corners = [request.start]
    for index, (one, other) in enumerate(pairwise(line)):
        # 1. Turn halfway between two bends, near the port before the first and after the last one.
        turn = (one[0] + other[0]) / 2
        if index == 0:
            turn = request.start[0] + STUB
        elif index == len(bends):
            turn = request.end[0] if request.radius else request.end[0] - STUB  # a merge is entered from any side
        # 2. Never run back over the last segment.
        if len(corners) > 1 and (one[0] - corners[-2][0]) * (turn - one[0]) < 0:
            turn = one[0]
        corners += [(turn, one[1]), (turn, other[1])] if one[1] != other[1] else []
        corners.append(other)
    return Route(tuple(_turns_only(corners)), False)


def _turns_only(corners: Sequence[FlowPoint]) -> list[FlowPoint]:
    """Return corners without those at which nothing turns."""
    turns = [corners[0]]
    for index, corner in enumerate(corners[1:], 1):
        after = next((later for later in corners[index + 1 :] if later != corner), None)
        if corner != turns[-1] and (after is None or not _is_between(turns[-1], corner, after)):
            turns.append(corner)
    return turns if len(turns) > 1 else [corners[0], corners[-1]]


def _is_between(one: FlowPoint, middle: FlowPoint, other: FlowPoint) -> bool:
    """Return whether a point is between two others, on a line along or across the flow."""
    return any(
        one[axis] == middle[axis] == other[axis]
        and (middle[1 - axis] - one[1 - axis]) * (other[1 - axis] - middle[1 - axis]) > 0
        for axis in (0, 1)
    )
