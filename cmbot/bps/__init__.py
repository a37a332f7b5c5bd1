"""The only room that speaks to BPS: renders and checks its YAML, starts it, reads what it left."""
