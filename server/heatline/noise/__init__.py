"""What keeps Heatline quiet: which files and lines are left alone, and what stops flags from coming and going.

Everything here is asked with plain values (texts, paths, line numbers from 0) and knows no model, editor or
command, so that the server and `heatline check` are quiet about the same lines.
"""
