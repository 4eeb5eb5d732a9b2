"""The document and everything that can be derived from it without torch: graph, edits, files, catalog, rules, diff,
layout.

Everything here is a frozen value or a pure function. `Design` is the document, `edits` returns new Designs, `diff`
compares two of them by identity first, `rules` finds structural problems, and `facts` are what the engine answers.

`topology` orders the nodes and finds cycles with the standard library, because every opened file and every edit need
both, and importing networkx would be noticeable there. Other code uses the graph of networkx (`Graph.to_networkx`).
"""
