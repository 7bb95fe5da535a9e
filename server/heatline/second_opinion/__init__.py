"""A second opinion on lines of code from a language model somebody runs: only when a person asks for it."""
