"""Starts the router of the build for an interop test, on a port of its own."""
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MANYHANDS_BUILD", ROOT / "build"))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Router:
    """`with Router() as url`: open to anyone, or with a configuration; on a
    port of its own, or one that was another's."""

    def __init__(self, config=None, port=None):
        self.config = config
        self.port = port or free_port()
        self.killed = False

    def kill(self):
        self.killed = True
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        args = [BUILD / "router"]
        if self.config:
            self.config["transports"][0]["endpoint"]["port"] = self.port
            self.file = tempfile.NamedTemporaryFile("w", suffix=".json")
            json.dump(self.config, self.file)
            self.file.flush()
            args += ["--config", self.file.name]
        else:
            args += ["--open", "--listen", f"ws://127.0.0.1:{self.port}/ws"]
        self.process = subprocess.Popen(args, stderr=subprocess.DEVNULL)
        for _ in range(200):
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return f"ws://127.0.0.1:{self.port}/ws"
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError("the router does not start")

    def __exit__(self, *_):
        if self.killed:
            return
        self.process.terminate()
        if self.process.wait(10) != 0:
            raise RuntimeError(f"the router ended with "
                               f"{self.process.returncode}")
