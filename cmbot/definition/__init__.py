"""Campaign definitions: read, check, freeze. Pure."""
