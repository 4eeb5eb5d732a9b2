"""Files of the user: designs as YAML, run folders, and writing them without ever leaving half a file."""
