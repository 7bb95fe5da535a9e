"""Minimal patches: run tests on untrusted programs, find the smallest verified change, label tokens by it."""
