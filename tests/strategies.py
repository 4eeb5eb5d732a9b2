"""Random designs, edits and values for property tests.

`designs` are documents: well formed, so that they can be saved and edited, but their blocks and parameters may be
nonsense. `networks` are designs that can be built and run: maps, tokens and vectors, sub-graphs with several instances,
repeats, several ports.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import Phase, settings
from hypothesis import strategies as st

from composer.core import edits, names, subgraphs
from composer.core.errors import UserError
from composer.core.graph import (
    SUBGRAPH,
    Design,
    Each,
    ExtensionRef,
    Frame,
    Graph,
    Input,
    Node,
    Output,
    Ramp,
    Training,
    Value,
    Variant,
    Wire,
)


def examples(count: int) -> settings:
    """Return the settings of a property test that runs `count` examples, or as many times more as the profile asks for.

    The phase that explains a failure is left out, because it traces every line.
    """
    factor = settings.default.max_examples // settings.get_profile("default").max_examples
    return settings(
        max_examples=count * factor,
        phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.target, Phase.shrink),
    )


# -- values ------------------------------------------------------------------------------------------------------------

IDS = (
    "image",
    "stem",
    "attn",
    "attn_2",
    "mlp",
    "add",
    "n",
    "on",
    "yes",
    "true",
    "null",
    "head",
    "e1",
    "stage_1",
    "logits",
    "x",
    "y",
    "input",
)
# Strings that YAML, JSON or Python would read as another type.
AWKWARD = (
    *(
        "",
        " ",
        "null",
        "yes",
        "1e5",
        "0x10",
        "1:30",
        "2001-01-01",
        "'",
        '"',
        '"""',
        "\\",
        "\n",
        "a: b",
        "- a",
        "#",
        "{}",
        "[1]",
        "&a",
        "*a",
        "!!int",
    ),
    *(
        "a:b",
        "a:",
        "=",
        "<<",
        "\t",
        "\x00",
        "\x7f",
        "\x85",
        "\u2028",
        "\ufeff",
        "\U0001f600",
        "é",
        "%",
        "@",
        "`",
        "|",
        ">",
        "? ",
        ".inf",
    ),
)
identifiers = st.one_of(
    st.sampled_from(IDS),
    st.from_regex(r"[a-z][a-z0-9_]{0,10}", fullmatch=True).filter(lambda name: names.problem(name) is None),
)
texts = st.one_of(st.sampled_from(AWKWARD), st.text(max_size=30))
numbers = st.one_of(st.integers(-(10**12), 10**12), st.floats(allow_nan=False))
expressions = st.one_of(
    st.sampled_from(("=width", "=width * 2", "=max(width, 8) // 4")), st.text(max_size=12).map(lambda text: f"={text}")
)
scalars = st.one_of(st.none(), st.booleans(), numbers, texts)
literals = st.one_of(
    scalars,
    st.lists(scalars, max_size=3).map(tuple),
    st.lists(st.lists(st.integers(-9, 9), max_size=2).map(tuple), max_size=2).map(tuple),
)
ends = st.one_of(numbers, expressions)
values: st.SearchStrategy[Value] = st.one_of(
    literals,
    expressions,
    st.lists(literals, min_size=1, max_size=3).map(lambda found: Each(tuple(found))),
    st.builds(Ramp, ends, ends),
)
places = st.floats(-1e8, 1e8)
points = st.tuples(places, places)
params = st.dictionaries(identifiers, values, max_size=3)
BLOCKS = ("Conv2d", "Linear", "SwinBlock", "Split", "Add", "NoSuchBlock", "Yes", "Null")


@st.composite
def graphs(draw: st.DrawFn, subgraph_names: tuple[str, ...] = (), main: bool = True) -> Graph:
    """A graph whose wires run forward in a random order of its items."""
    ids = draw(st.lists(identifiers, min_size=1, max_size=8, unique=True))
    inputs: dict[str, Input] = {}
    nodes: dict[str, Node] = {}
    outputs: dict[str, Output] = {}
    uses = (*BLOCKS, *(SUBGRAPH + name for name in subgraph_names))
    sizes = st.one_of(st.integers(1, 512), st.just("=width"))
    for id in ids:
        kind = draw(st.sampled_from("innnnoo"))
        if kind == "i":
            shape = tuple(draw(st.lists(sizes, max_size=3)))
            inputs[id] = Input(id, shape, draw(st.sampled_from(("float32", "int64", "bool"))), draw(points))
        elif kind == "n":
            repeat = draw(st.one_of(st.just(1), st.integers(1, 10_000), st.just("=depth")))
            nodes[id] = Node(id, draw(st.sampled_from(uses)), draw(params), draw(points), repeat, draw(texts))
        else:
            outputs[id] = Output(id, draw(points))
    ports = st.one_of(st.just(""), st.sampled_from(("x", "context", "first", "second")))
    wires: dict[Wire, None] = {}
    for _ in range(draw(st.integers(0, 10))):
        first, second = draw(st.integers(0, len(ids) - 1)), draw(st.integers(0, len(ids) - 1))
        source, target = ids[min(first, second)], ids[max(first, second)]
        if source != target and source not in outputs and target not in inputs:
            wires[Wire(source, target, draw(ports), draw(ports), tuple(draw(st.lists(points, max_size=2))))] = None
    frames = [
        Frame(
            f"frame_{number}",
            draw(texts),
            draw(st.tuples(places, places, places, places)),
            tuple(draw(st.lists(st.sampled_from(ids), max_size=3))),
        )
        for number in range(draw(st.integers(0, 2)))
    ]
    exposed = {} if main else draw(params)
    return Graph(inputs, nodes, outputs, tuple(wires), exposed, tuple(frames))


@st.composite
def designs(draw: st.DrawFn) -> Design:
    """A well-formed document; later sub-graphs may use earlier ones."""
    subs: dict[str, Graph] = {}
    for name in draw(st.lists(identifiers, max_size=3, unique=True)):
        subs[name] = draw(graphs(tuple(subs), main=False))
    options = st.dictionaries(identifiers.filter(lambda name: name != "name"), scalars, max_size=2)
    references = st.builds(ExtensionRef, texts, options)
    training = st.builds(
        Training,
        data=references,
        epochs=st.integers(1, 300),
        lr=st.floats(1e-12, 10),
        augment=st.lists(references, max_size=2).map(tuple),
        lr_factors=st.dictionaries(texts, st.floats(0, 10), max_size=2),
        freeze=st.lists(texts, max_size=2).map(tuple),
        min_lr=st.none() | st.floats(0, 1),
        warmup_epochs=st.floats(0, 10),
        precision=texts,
    )
    values = st.one_of(scalars, expressions)
    variable_values = st.one_of(values, st.lists(values, max_size=3).map(tuple))
    variables = draw(st.dictionaries(identifiers, variable_values, max_size=3))
    counts = st.dictionaries(st.sampled_from(("params", "macs")), st.integers(0, 10**12))
    settings = st.fixed_dictionaries(
        {}, optional=dict.fromkeys(set(variables) - {"title", "expected"}, variable_values)
    )
    return Design(
        name=draw(texts),
        main=draw(graphs(tuple(subs))),
        graphs=subs,
        variables=variables,
        training=draw(st.one_of(st.just(Training()), training)),
        description=draw(texts),
        expected=draw(counts),
        variants=draw(st.dictionaries(identifiers, st.builds(Variant, settings, texts, counts), max_size=2)),
    )


# -- edits -------------------------------------------------------------------------------------------------------------

Edit = Callable[[Design], Design]


@st.composite
def _one_edit(draw: st.DrawFn, design: Design) -> Design:
    """The design after one random edit; the design itself where the edit is refused."""
    name = draw(st.sampled_from(("", *design.graphs)))
    graph = design.graph(name)
    ids = tuple(graph.ids())
    id = draw(st.sampled_from(ids)) if ids else "nobody"
    other = draw(st.sampled_from(ids)) if ids else "nobody"
    fresh = draw(identifiers)
    port = st.sampled_from(("", "x", "context"))
    uses = (*BLOCKS, *(SUBGRAPH + graph for graph in design.graphs))
    some = draw(st.lists(st.sampled_from((*ids, "gone")), max_size=3))
    kind = draw(st.integers(0, 21))
    try:
        match kind:
            case 0 | 1 | 2:
                return edits.add(
                    design, Node(fresh, draw(st.sampled_from(uses)), draw(params), draw(points)), graph=name
                )
            case 3:
                return edits.add(design, Input(fresh, (3, 8, 8)), graph=name)
            case 4:
                return edits.add(design, Output(fresh), graph=name)
            case 5 | 6 | 7 | 8:
                return edits.connect(
                    design, Wire(id, other, draw(port), draw(port)), graph=name, variadic=draw(st.booleans())
                )
            case 9:
                return edits.remove(design, some, graph=name, reconnect=draw(st.booleans()))
            case 10:
                return edits.disconnect(design, graph.wires[: draw(st.integers(0, 2))], graph=name)
            case 11 if graph.wires:
                node = graph.nodes.get(id, Node(fresh, "Conv2d"))
                return edits.insert_on_wire(design, draw(st.sampled_from(graph.wires)), node, graph=name)
            case 12:
                return edits.set_params(design, id, draw(params), graph=name)
            case 13:
                return edits.reset_params(design, id, draw(st.lists(identifiers, max_size=2)), graph=name)
            case 14 if id in graph.nodes:
                return edits.update_item(
                    design,
                    id,
                    graph=name,
                    repeat=draw(st.integers(1, 5)),
                    block=draw(st.sampled_from(uses)),
                    note=draw(texts),
                )
            case 15:
                return edits.move(design, {id: draw(points)}, graph=name)
            case 16:
                return edits.rename(design, id, fresh, graph=name)
            case 17:
                source = draw(st.sampled_from(("", *design.graphs)))
                return edits.paste(
                    design, edits.excerpt(design, design.graph(source).ids(), graph=source), draw(points), graph=name
                )[0]
            case 18:
                value = draw(st.one_of(st.integers(1, 99), st.just(f"={fresh}")))
                return draw(
                    st.sampled_from((edits.set_variable(design, fresh, value), edits.remove_variable(design, fresh)))
                )
            case 19:
                frame = Frame("group", draw(texts), (0.0, 0.0, 10.0, 10.0), ids[:1])
                return draw(
                    st.sampled_from(
                        (edits.set_frames(design, (frame,), graph=name), edits.set_training(design, Training(epochs=3)))
                    )
                )
            case 20:
                return subgraphs.make(design, some, fresh, graph=name)[0]
            case 21:
                unpacked = draw(st.booleans())
                return (
                    subgraphs.unpack(design, id, graph=name)[0]
                    if unpacked
                    else subgraphs.make_unique(design, id, graph=name)
                )
    except UserError:
        pass
    return design


@st.composite
def histories(draw: st.DrawFn, length: int = 12, start: st.SearchStrategy[Design] | None = None) -> list[Design]:
    """A design followed by the result of each edit of a random sequence; it starts from any design, or one of
    `start`.
    """
    history = [draw(start if start is not None else designs())]
    for _ in range(draw(st.integers(1, length))):
        history.append(draw(_one_edit(history[-1])))
    return history


# -- networks that run -------------------------------------------------------------------------------------------------


@dataclass
class _Sketch:
    """A graph under construction."""

    draw: st.DrawFn
    prefix: str = ""
    nodes: dict[str, Node] = field(default_factory=dict)
    wires: list[Wire] = field(default_factory=list)

    def put(
        self,
        block: str,
        sources: list[tuple[str, str]],
        ports: tuple[str, ...] = (),
        repeat: int | str = 1,
        **params: Value,
    ) -> str:
        id = names.fresh(names.snake(block.removeprefix(SUBGRAPH)), self.nodes)
        self.nodes[id] = Node(id, block, params, repeat=repeat)
        for index, (source, port) in enumerate(sources):
            self.wires.append(Wire(source, id, port, ports[index] if ports else ""))
        return id

    def map_step(self, at: str, channels: int) -> str:
        """A step that keeps a map's shape."""
        draw = self.draw
        match draw(st.integers(0, 8)):
            case 0:
                return self.put(
                    "ConvNormAct", [(at, "")], out_channels=channels, kernel_size=draw(st.sampled_from((1, 3)))
                )
            case 1:
                return self.put(
                    "SqueezeExcite", [(at, "")], reduction=draw(st.sampled_from((2, 4))), repeat=draw(st.integers(1, 2))
                )
            case 2:
                return self.put("ECA", [(at, "")])
            case 3:
                branch = self.put("Conv2d", [(at, "")], out_channels=channels, bias=draw(st.booleans()))
                return self.put("Add", [(at, ""), (branch, "")])
            case 4:
                depth = draw(st.integers(1, 3))
                return self.put(
                    "SwinBlock", [(at, "")], num_heads=2, window_size=4, shift_size=Each((0, 2)), repeat=depth
                )
            case 5:
                cut = self.put("Split", [(at, "")])
                one = self.put("Activation", [(cut, "first")])
                two = self.put("ConvNormAct", [(cut, "second")], out_channels=channels // 2)
                return self.put("Concat", [(one, ""), (two, "")])
            case 6:
                return self.put(
                    "MBConv",
                    [(at, "")],
                    out_channels=channels,
                    drop_path=Ramp(0.0, 0.2),
                    repeat=draw(st.integers(1, 3)),
                )
            case 7:
                norm = self.put("BatchNorm2d", [(at, "")])
                return self.put("Activation", [(norm, "")], name=draw(st.sampled_from(("relu", "gelu"))))
            case _:
                tokens = self.put("MapToTokens", [(at, "")])
                return self.put("TokensToMap", [(tokens, "")], height="=size", width="=size")

    def token_step(self, at: str) -> str:
        """A step that keeps tokens' shape."""
        draw = self.draw
        match draw(st.integers(0, 3)):
            case 0:
                depth = draw(st.integers(1, 3))
                ramp = Ramp(0.0, 0.1) if depth > 1 else 0.0
                return self.put(
                    "TransformerEncoderLayer",
                    [(at, "")],
                    num_heads=draw(st.sampled_from((1, 2))),
                    drop_path=ramp,
                    repeat=depth,
                )
            case 1:
                norm = self.put("LayerNorm", [(at, "")])
                return self.put("Mlp", [(norm, "")], mlp_ratio=2.0)
            case 2:
                norm = self.put("LayerNorm", [(at, "")])
                read = self.put("MultiHeadCrossAttention", [(norm, ""), (at, "")], ("x", "context"), num_heads=2)
                return self.put("Add", [(at, ""), (read, "")])
            case _:
                return self.put("GatedMlp", [(at, "")])


@st.composite
def _stages(draw: st.DrawFn) -> Graph:
    """A sub-graph from a map to a map of `width` channels, so that it can be repeated and used with other widths."""
    sketch = _Sketch(draw)
    at = sketch.put(
        "ConvNormAct", [("x", "")], out_channels="=width", kernel_size=draw(st.sampled_from((1, "=kernel")))
    )
    for _ in range(draw(st.integers(0, 2))):
        match draw(st.integers(0, 2)):
            case 0:
                at = sketch.put("SqueezeExcite", [(at, "")], reduction="=ratio")
            case 1:
                branch = sketch.put("Conv2d", [(at, "")], out_channels="=width", repeat="=depth")
                at = sketch.put("Add", [(at, ""), (branch, "")])
            case _:
                at = sketch.put("SwinBlock", [(at, "")], num_heads=2, window_size=4, shift_size="=shift")
    wires = (*sketch.wires, Wire(at, "y"))
    defaults = {"width": 8, "kernel": 3, "ratio": 4, "depth": 1, "shift": 0}
    return Graph({"x": Input("x")}, sketch.nodes, {"y": Output("y")}, wires, defaults)


@st.composite
def networks(draw: st.DrawFn) -> Design:
    """A design that runs: image to map steps and stages, perhaps to tokens, to a head."""
    size = draw(st.sampled_from((8, 9)))
    stages = {f"stage_{index}": draw(_stages()) for index in range(draw(st.integers(0, 2)))}
    sketch = _Sketch(draw)
    channels = width = draw(st.sampled_from((8, 16)))
    at = sketch.put("ConvNormAct", [("image", "")], out_channels="=width")
    for _ in range(draw(st.integers(1, 4))):
        if stages and draw(st.booleans()):
            params: dict[str, Value] = {}
            if draw(st.booleans()):
                channels = draw(st.sampled_from((8, 16)))
            params["width"] = channels if draw(st.booleans()) else f"={channels // 2} * 2"
            repeat = draw(st.integers(1, 3))
            for name, choices in (("ratio", (2, 4)), ("depth", (1, 2)), ("shift", (0, 2)), ("kernel", (1, 3))):
                if draw(st.booleans()):
                    one, two = draw(st.sampled_from(choices)), draw(st.sampled_from(choices))
                    params[name] = Each((one, two)) if draw(st.booleans()) else one
            at = sketch.put(SUBGRAPH + draw(st.sampled_from(sorted(stages))), [(at, "")], repeat=repeat, **params)
        else:
            at = sketch.map_step(at, channels)
    if draw(st.booleans()):
        at = sketch.put("MapToTokens", [(at, "")])
        for _ in range(draw(st.integers(1, 2))):
            at = sketch.token_step(at)
        at = sketch.put("TokenClassifierHead", [(at, "")], num_classes=5)
    else:
        at = sketch.put("ClassifierHead", [(at, "")], num_classes=5)
    main = Graph(
        {"image": Input("image", (3, size, "=size"))},
        sketch.nodes,
        {"logits": Output("logits")},
        (*sketch.wires, Wire(at, "logits")),
    )
    return Design(
        draw(texts), main, stages, {"width": width, "size": size, "half": "=width // 2"}, description=draw(texts)
    )
