"""Everything that says how sure to be of a program's tokens, lines and whole, behind one interface."""
