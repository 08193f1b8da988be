"""What every test may rely on, however the tests were started."""

import signal

# A shell starts background jobs with SIGINT ignored, and nohup what it runs with SIGHUP; whatever
# they start inherits that, and the tests of interrupts would test the shell.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
