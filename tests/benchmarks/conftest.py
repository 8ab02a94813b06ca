"""Keeps pytest away: these are programs that measure, not tests."""

collect_ignore_glob = ["*"]
