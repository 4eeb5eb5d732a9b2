"""One file for each kind of repair; `candidates.generators` walks this folder.

A file holds one or more generators of candidates, each marked with `candidates`::

    @candidates(Stage.LIKELY, rank=75)
    def remove_node(error: ErrorContext) -> Iterator[Repair]:
        if error.node is not None:
            yield Repair(f"Remove {error.id}", (call(edits.remove, ids=[error.id], reconnect=True),))

A candidate need not be right: `search` tries each and offers only those that help.
"""
