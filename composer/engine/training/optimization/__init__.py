"""The optimizer of a network: groups of parameters, rates, decay, frozen nodes, averaged weights."""
