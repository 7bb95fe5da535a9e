"""What became of lines, read from a repository's git history."""
