"""Run one command without a network, in a process namespace of its own, within limits: as far as the kernel grants.

Started as a program of its own: ``LIMITS COMMAND…`` with the limits as JSON; without a command it prints what is
granted. Standard library only.
"""

import json
import os
import sys

from heatline_probes.patches.confinement import Limits, apply_limits, fork_process_namespace, leave_network


def main() -> None:
    """Never returns: ends with the command's exit code, or 128 and the signal that ended it."""
    limits, command = json.loads(sys.argv[1]), sys.argv[2:]
    granted = {"network": leave_network(), "processes": fork_process_namespace()}
    if not command:
        sys.stdout.write(json.dumps(granted))
        sys.exit(0)
    # The first process of a namespace ends everything in it when it ends, but no signal of its own ends it: it waits.
    _wait_for(os.fork())
    command_process = os.fork()
    if command_process == 0:
        try:
            apply_limits(Limits(**limits), own_user=False)
            os.execvp(command[0], command)
        finally:
            os._exit(127)
    _wait_for(command_process)


def _wait_for(child: int) -> None:
    """End as `child` does; the child itself goes on."""
    if child:
        _, status = os.waitpid(child, 0)
        os._exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
