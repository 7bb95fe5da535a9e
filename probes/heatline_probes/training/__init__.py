"""From programs and labels to a fitted span probe with its card."""
