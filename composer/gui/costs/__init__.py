"""Tables and charts of costs for the Costs panel."""
