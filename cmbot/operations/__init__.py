"""One module per verb: what the command line, the pages and comment commands share."""
