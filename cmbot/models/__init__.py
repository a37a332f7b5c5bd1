"""The vocabulary of cmbot: frozen data, no behaviour beyond simple properties (design.md section 1)."""
