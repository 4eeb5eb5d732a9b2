"""The document and everything that can be known of it without torch: graph, edits, file, catalog, rules, names, diff, layout.

Everything here is a frozen value or a pure function. `Design` is the document; `edits` makes new Designs from old ones;
`diff` says by identity what changed; `rules` finds structural problems; `facts` are the messages that the engine answers with.

The drawing is a networkx graph (`Graph.to_networkx`), and that is what is compiled. Its order and its circles come from `topology`
with the standard library: both are asked whenever a file is opened or a node changes, where importing networkx would be felt.
"""
