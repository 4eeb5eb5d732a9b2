"""The identity of the network of a design."""

from composer.core.blocks.block_code import code_digest
from composer.core.blocks.catalog import Catalog
from composer.core.files import design_file
from composer.core.files.network_identity import NetworkIdentity
from composer.core.graph import Design


def identify(design: Design, catalog: Catalog) -> NetworkIdentity:
    """Return the identity of the network of a design.

    Args:
        design: the design.
        catalog: the blocks; files of custom ones are read.
    """
    names = {node.block for _, graph in design.all_graphs() for node in graph.nodes.values() if node.subgraph is None}
    custom = catalog.own
    # A block of the library hides a custom one of the same name.
    blocks = {
        name: code_digest(spec.path)
        for name in sorted(names & custom.keys())
        if (spec := catalog.get(name)) is not None and spec.path == custom[name].path
    }
    return NetworkIdentity(design_file.design_hash(design), blocks, design)
