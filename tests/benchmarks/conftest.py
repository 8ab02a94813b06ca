"""Excludes the benchmarks from the tests that pytest collects."""

collect_ignore_glob = ["*"]
