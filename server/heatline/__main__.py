"""``python -m heatline``: the ``heatline`` command of this very interpreter."""

from heatline.cli import main

main()
