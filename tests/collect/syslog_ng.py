"""syslog-ng as a process: the one that is installed, else the one that ./x unpacked beside Debian's packages."""

import os
import shutil
import subprocess
from pathlib import Path

BESIDE = Path(os.environ["STELE_SOURCE_DIR"]) / "build/beside/syslog-ng-core/usr"


def start(folder: Path) -> subprocess.Popen:
    """Runs on `folder`/syslog-ng.conf; all that it keeps is in `folder`."""
    program, settings = shutil.which("syslog-ng", path="/usr/sbin:/usr/bin"), {}
    if program is None:
        program, settings = BESIDE / "sbin/syslog-ng", {"LD_LIBRARY_PATH": BESIDE / "lib/syslog-ng", "SYSLOGNG_PREFIX": BESIDE}
    if not Path(program).exists():
        raise SystemExit("FAILED: syslog-ng is not there; ./x test brings it")
    return subprocess.Popen(
        [program, "--foreground", "--no-caps", "-f", folder / "syslog-ng.conf", f"--persist-file={folder}/persist",
         f"--pidfile={folder}/pid", f"--control={folder}/control"], stdout=open(folder / "syslog-ng.log", "a"),
        stderr=subprocess.STDOUT, env=os.environ | {key: str(value) for key, value in settings.items()})
