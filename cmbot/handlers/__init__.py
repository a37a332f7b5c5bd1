"""Decisions: a campaign as it is, and the time, to actions and notices. Pure (design.md rule 2)."""
