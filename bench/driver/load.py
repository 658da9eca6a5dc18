"""How busy the machine is, on Linux."""

import os
from pathlib import Path

STAT = Path("/proc/stat")


class Load:
    """Tells how many cores other programs keep busy, from its creation on."""

    def __init__(self):
        self.before = others_seconds()

    def others(self, seconds):
        """Returns the number of cores, or None where it is unknown."""
        if self.before is None:
            return None
        return max(0.0, (others_seconds() - self.before) / seconds)


def others_seconds():
    """Returns the time that the cores were busy, without our own processes."""
    if not STAT.exists():
        return None
    # Not on Windows.
    import resource

    user, nice, system, _, _, irq, soft = (
        int(x) for x in STAT.read_text().split("\n")[0].split()[1:8]
    )
    busy = (user + nice + system + irq + soft) / os.sysconf("SC_CLK_TCK")
    own = resource.getrusage(resource.RUSAGE_CHILDREN)
    return busy - own.ru_utime - own.ru_stime
