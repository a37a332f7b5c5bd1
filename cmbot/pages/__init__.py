"""What pages show, as data: made from views without I/O; templates and JSON twins show the same."""
