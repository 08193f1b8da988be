"""The trials, in the order of the page."""

from benchmarks.trials import forty_hosts, noop, one_host, output, start, upload

TRIALS = (
    one_host.TRIAL,
    forty_hosts.TRIAL,
    noop.TRIAL,
    upload.TRIAL,
    output.TRIAL,
    start.TRIAL,
)
