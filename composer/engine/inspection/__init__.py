"""Looking inside a trained model: captured maps and their pictures."""
