"""Benchmarks: this project beside its neighbours, in one run, on links that we make ourselves."""
