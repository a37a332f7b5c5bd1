"""Data become groups, and groups become predicates; without I/O (requirement B17)."""
