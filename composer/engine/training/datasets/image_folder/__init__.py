"""Images in files: what a folder or a list holds, which files can be used, and samples that are decoded when needed."""
