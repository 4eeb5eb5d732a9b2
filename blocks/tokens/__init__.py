"""From maps to tokens and back; adding, dropping and merging tokens."""
