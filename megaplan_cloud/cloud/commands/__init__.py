"""The operator's commands, one module each: words in, an answer out."""
