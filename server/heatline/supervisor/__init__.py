"""Supervisors: weights on disk → bundle → hidden states."""
