"""What a run stores and reads back: its folder, records, checkpoints, weights, and where it came from."""
