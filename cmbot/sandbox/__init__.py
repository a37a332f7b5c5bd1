"""A laptop-sized world to learn and test in: a Jira, a PanDA and a Butler repository.

It imports nothing of the bot and the bot nothing of it.
"""
