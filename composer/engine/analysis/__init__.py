"""Reports about a design: summary, measured profile, fit to a budget, roofline of this machine."""
