"""What a block file declares, read from its source without importing it: parameters, ports, shapes."""
