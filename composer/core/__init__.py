"""The document and everything that can be known of it without torch: graph, edits, file, catalog, rules, names, diff, layout.

Everything here is a frozen value or a pure function. `Design` is the document; `edits` makes new Designs from old ones;
`diff` says by identity what changed; `rules` finds structural problems; `facts` are the messages that the engine answers with.
"""
