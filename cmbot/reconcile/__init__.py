"""Where the rooms meet: observe, decide, act, tell (design.md section 2)."""
