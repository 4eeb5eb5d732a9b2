"""Why a training failed: in words, with the step, the samples and the node, and what would fit."""
