"""The decorator that declares a class as a block. It imports nothing, so that a block file costs only its own
imports.
"""


def block(
    *,
    shape,
    paper="",
    maps=None,
    tags=(),
    aliases=None,
    outputs=(),
    dtypes=None,
    examples=(),
    exceptions=None,
    role="",
    sign="",
    converts="",
    windows=(),
    heads="",
    rates=(),
    no_decay=(),
    tokens="",
):
    """Declare a module as a block; every argument is a literal, because the app reads it from the source without
    running it.

    Args:
        shape: input shapes, an arrow, output shapes: ``"b c h w -> b c h w"``, several ports separated by commas. An
            axis is a name, an integer, ``...`` (any number of axes), or integer arithmetic without spaces over input
            axes and parameters (``(h-1)//stride+1``). An output axis with any other name is free. An axis named ``c``
            holds channels, so that tokens (b, n, dim) at a port ``b c ...`` are reported.
        paper: ``"Title, Authors, year, arXiv:NNNN.NNNNN"``, empty where there is none.
        maps: what inspection can show: submodule path (or ``"softmax"``: every softmax of the block) to the kind of
            map. A map that forward does not compute is a method, called on request with the inputs of its module's
            forward; one of token pairs also takes ``every``: only every n-th query is computed (``every=n``).
        tags: more words by which the palette search finds the block.
        aliases: parameter name to the axis it is taken from, where the two names differ: ``{"in_channels": "c"}``.
        outputs: names of the outputs where there are several.
        dtypes: input port to dtype name where it is not floating point: ``{"tokens": "int64"}``.
        examples: settings (axes and parameters) for the contract test, where its default sizes do not fit the block.
        exceptions: name of a contract check the block cannot meet to the reason why.
        role: what the app uses the block for: ``"merge"`` (it only combines any number of inputs), ``"dropout"``
            (its shapes and costs are those of evaluation), or a role by which repairs find it: ``"pad"``,
            ``"upsample"``, ``"project_channels"``, ``"project_features"``.
        sign: the sign of a merge on the canvas: ``"+"``.
        converts: layouts that the block converts, by which repairs find it: ``"map -> tokens"``, several separated by
            commas; the layouts are ``map`` (4 axes), ``tokens`` (3) and ``vector`` (2).
        windows: attributes of the module that hold the side of the windows it cuts a map into and, where they are
            shifted, the shift: ``("window_size", "shift_size")``.
        heads: attribute of the module that holds the number of heads, for maps of token pairs that are computed on
            request.
        rates: parameters on which costs depend only in whether they are zero: ``("drop_path",)``.
        no_decay: trainable tensors of the module that weight decay leaves alone, by their dotted name: position tables,
            tokens, scales, biases of experts: ``("attn.table", "token")``; ``*`` stands for any text. Biases and norms
            of torch's own modules, and what a block inside the block declares, need no entry.
        tokens: what the block does to the positions of tokens in the image, where the shape string does not imply it
            (a map stays a map, ``b n dim -> b n dim`` keeps the tokens): a rule for its outputs, or rules by output
            port, ``queries`` and ``keys`` (of its attention). Rules: ``"keep"``, ``"keep context"``, ``"grid"``,
            ``"front class"``, ``"front register after"``, ``"back memory"``, ``"select start stop"``, ``"join"``,
            ``"pad"``, ``"lost merged"``; ``a + b`` puts tokens one after the other, and of ``a | b`` the first rule
            counts that gives the right number of tokens. See `composer.core.blocks.token_rules`. Parameters in a rule
            need attributes of the same name.
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
            "role": role,
            "sign": sign,
            "converts": converts,
            "windows": windows,
            "heads": heads,
            "rates": rates,
            "no_decay": no_decay,
            "tokens": tokens,
        }
        return cls

    return mark
