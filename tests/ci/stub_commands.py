"""Commands that scripts of ci/ call, replaced by stubs that write down how they were called."""

import os
import pathlib
import subprocess
import tempfile


class StubCommands:
    """A scratch folder with stubs in bin/ and the log of their calls. Close with cleanup()."""

    def __init__(self):
        self._scratch = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self._scratch.name)
        self.calls_file = self.folder / "calls"
        self.calls_file.touch()
        (self.folder / "bin").mkdir()
        self.cleanup = self._scratch.cleanup

    def add(self, name, body="exit 0"):
        """A stub that logs its arguments, then runs `body` (bash)."""
        file = self.folder / "bin" / name
        file.write_text(f'#!/bin/bash\necho "{name} $*" >>"{self.calls_file}"\n{body}\n',
                        encoding="utf-8")
        file.chmod(0o755)

    def calls(self, name):
        """Arguments of every call of that stub, one string each."""
        lines = self.calls_file.read_text(encoding="utf-8").splitlines()
        return [line.partition(" ")[2] for line in lines if line.split(" ")[0] == name]

    def run(self, script, *arguments, cwd=None):
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        return subprocess.run([str(script), *arguments], cwd=cwd, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60, check=False,
                              env={**os.environ, "PATH": path})
