"""What tells tokens where they are."""
