"""The only room that speaks to PanDA: follows requests through the iDDS relay (reference/panda.md)."""
