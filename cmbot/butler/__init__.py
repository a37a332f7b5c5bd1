"""Collections, data queries and data reports; the only room that asks the Butler anything.

cmbot never imports ``lsst``: what needs it is a script that a child runs in a named environment.
"""
