"""The mark that makes a class a block. It imports nothing, so that a block file costs only what it itself imports."""


def block(*, shape, paper="", maps=None, tags=(), aliases=None, outputs=(), dtypes=None, examples=(), exceptions=None):
    """Declare a module as a block; every argument is a literal, because the app reads it from the source without running it.

    Args:
        shape: input shapes, an arrow, output shapes: ``"b c h w -> b c h w"``, several ports separated by commas. An axis is
            a name, an integer, ``...`` (any number of axes), or integer arithmetic without spaces over input axes and
            parameters (``(h-1)//stride+1``). An output axis whose name is bound nowhere is free.
        paper: ``"Title, Authors, year, arXiv:NNNN.NNNNN"``, empty where there is none.
        maps: what inspection can show: submodule path (or ``"softmax"``: every softmax of the block) to the kind of map. A map that
            forward has no use for is a method, called on request with what its module's forward is given; one of token pairs also
            takes ``every``: only every so-manieth query is wanted.
        tags: further words the palette search finds the block by.
        aliases: parameter name to the axis it is taken from, where the two names differ: ``{"in_channels": "c"}``.
        outputs: names of the outputs where there are several.
        dtypes: input port to dtype name where it is not floating point: ``{"tokens": "int64"}``.
        examples: settings (axes and parameters) for the contract test where its usual sizes do not fit the block.
        exceptions: name of a contract check the block cannot meet to the reason why.
    """

    def mark(cls):
        cls.__block__ = {
            "shape": shape,
            "paper": paper,
            "maps": maps or {},
            "tags": tags,
            "aliases": aliases or {},
            "outputs": outputs,
            "dtypes": dtypes or {},
            "examples": examples,
            "exceptions": exceptions or {},
        }
        return cls

    return mark
