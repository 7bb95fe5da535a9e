"""What was scored, as a person or a program reads it: one module per format.

A report is built from `heatline.report.checked` alone; no format knows a supervisor, a probe or a command.
"""
