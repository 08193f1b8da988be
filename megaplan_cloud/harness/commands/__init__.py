"""The commands of `megaplan`: one module each, with `add_parser` and `run`."""
