"""Python source from a design, the model it builds, and the proof that both are equal."""
