"""What every test may rely on, however the tests were started."""

import signal

# A shell starts background jobs with SIGINT ignored, and whatever they start inherits that: the
# tests of Ctrl-C would test the shell.
signal.signal(signal.SIGINT, signal.default_int_handler)
