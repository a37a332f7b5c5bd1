"""Scripts for children in a named environment: standard library and ``lsst`` only, JSON in and out.

Each runs as ``python <script> request.json response.json`` and imports nothing of cmbot, which the
environment does not have. It exits with 0 whenever it wrote a response; what a person can mend is one too.
"""
