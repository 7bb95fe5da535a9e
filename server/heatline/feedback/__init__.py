"""What became of lines that were scored in the editor: kept on this machine, by hash, when a person asks for it."""
