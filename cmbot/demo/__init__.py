"""A whole small world on this machine: ``cmbot demo``."""
