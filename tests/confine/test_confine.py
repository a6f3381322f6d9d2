#!/usr/bin/env python3
"""A server that has given up what it has no use for: what its process may still do, that nothing it is for is missing, whom it becomes
when root starts it, and the unit of systemd that is shipped."""

import os
import pwd
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "cli"))

from harness import NONE, PATIENCE, STELE, Command, CommandTest, event, lines, wait_until  # noqa: E402

SOURCE = Path(os.environ.get("STELE_SOURCE_DIR", Path(__file__).parents[2]))
UNITS = SOURCE / "packaging/systemd"
NET_BIND_SERVICE = 1 << 10
DAC_OVERRIDE = 1 << 1
IS_ROOT = os.geteuid() == 0


def status(pid: int) -> dict[str, str]:
    """/proc/PID/status of a process or a thread."""
    return dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)


class ConfinedTest(CommandTest):
    def threads(self, server) -> list[dict[str, str]]:
        return [status(int(one.name)) for one in Path(f"/proc/{server.process.pid}/task").iterdir()]

    def verified(self, server) -> bool:
        return re.search(r'^stele_verify_intact\{log="main"\} 1$', server.request("GET", "/metrics")[1].decode(), re.M) is not None

    def overdue(self) -> None:
        (self.data / "upkeep.json").write_text('{"stele_upkeep":1,"verified":"2020-01-01T00:00:00Z"}\n')

    def works(self, server) -> None:
        """Stored, found, asked by SQL, and verified by a process of its own."""
        self.assertEqual(server.request("POST", "/api/v1/events", lines([event(1)]))[0], 200)
        self.assertIn("customer.export", self.ran(self.stele("search", "actor:u_1", "--url", server.url)))
        self.assertIn("u_1", self.ran(self.stele("sql", "SELECT actor_id FROM events ORDER BY message, time", "--url", server.url)))
        wait_until(lambda: self.verified(server), "the log is verified")


class ConfineTest(ConfinedTest):
    def test_a_running_server_is_confined_with_all_its_threads(self):
        server = self.serve()
        held = re.search(r"confined: ([^\"]+)", server.words())
        self.assertIsNotNone(held, server.words())
        threads = self.threads(server)
        self.assertGreater(len(threads), 5)
        for one in threads:
            self.assertEqual(one["NoNewPrivs"], "1")
            self.assertEqual(one["Seccomp"], "2" if "seccomp" in held[1] else "0")
            self.assertEqual(int(one["CapPrm"], 16) & ~DAC_OVERRIDE, 0)
        limits = Path(f"/proc/{server.process.pid}/limits").read_text()
        self.assertRegex(limits, r"Max core file size +0 +0 ")
        self.assertEqual(server.stop(), 0)

    def test_nothing_is_given_up_where_that_is_said(self):
        server = self.serve("--confine", "false")
        self.assertNotIn("confined", server.words())
        for one in self.threads(server):
            self.assertEqual((one["NoNewPrivs"], one["Seccomp"]), (status(os.getpid())["NoNewPrivs"], status(os.getpid())["Seccomp"]))
            self.assertEqual(one["CapEff"], status(os.getpid())["CapEff"])
        self.assertEqual(server.stop(), 0)

    def test_nothing_that_a_server_does_is_missing(self):
        server = self.serve()
        self.assertEqual(server.stop(), 0)
        self.overdue()
        server = self.serve()
        self.works(server)
        server.stop(signal.SIGKILL)
        again = self.serve()
        self.assertIn("evt_1", [entry["event"].get("id") for entry in self.stored("--url", again.url)])
        self.assertEqual(again.stop(), 0)

    def certificate(self, folder: Path) -> str:
        folder.mkdir(parents=True)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                        "/CN=localhost", "-keyout", "key.pem", "-out", "certificate.pem"], cwd=folder, check=True, capture_output=True)
        return (folder / "certificate.pem").read_text()

    def test_a_certificate_is_replaced_behind_a_link(self):
        """As Kubernetes does it: the files are links through a link to a folder, which is another one then."""
        secret = self.folder / "secret"
        first = self.certificate(secret / "..one")
        (secret / "..data").symlink_to("..one")
        for name in ("certificate.pem", "key.pem"):
            (secret / name).symlink_to(f"..data/{name}")
        server = self.serve("--listen-tls", "127.0.0.1:0", "--tls-certificate", str(secret / "certificate.pem"), "--tls-key",
                            str(secret / "key.pem"))
        shown = lambda: ssl.get_server_certificate(("127.0.0.1", int(server.tls_url.rpartition(":")[2])))  # noqa: E731
        self.assertEqual(shown().split(), first.split())
        second = self.certificate(secret / "..two")
        (secret / "..new").symlink_to("..two")
        (secret / "..new").rename(secret / "..data")
        wait_until(lambda: shown().split() == second.split(), "the new certificate is shown")

    @unittest.skipUnless(IS_ROOT, "only root becomes another")
    def test_root_becomes_the_user_that_was_named(self):
        self.folder.chmod(0o755)
        nobody = pwd.getpwnam("nobody")
        with socket.socket() as free:
            free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            low = next(port for port in range(600, 1000) if free.connect_ex(("127.0.0.1", port)) != 0)
        server = self.serve("--user", "nobody")
        self.assertEqual(server.stop(), 0)
        self.overdue()
        for flags, kept in (([], 0), (["--relp", f"127.0.0.1:{low}"], NET_BIND_SERVICE)):
            server = self.serve("--user", "nobody", *flags)
            self.assertNotIn("runs as root", server.words())
            for one in self.threads(server):
                self.assertEqual(one["Uid"].split(), [str(nobody.pw_uid)] * 4)
                self.assertEqual(one["Gid"].split(), [str(nobody.pw_gid)] * 4)
                for name in ("CapPrm", "CapEff", "CapBnd"):
                    self.assertEqual(int(one[name], 16), kept, name)
                for name in ("CapInh", "CapAmb"):
                    self.assertEqual(int(one[name], 16), 0, name)
            self.works(server)
            self.assertEqual(server.stop(), 0)
            self.assertEqual({path.stat().st_uid for path in self.data.rglob("*") if path.name != "upkeep.json"}, {nobody.pw_uid})
            self.overdue()

    @unittest.skipUnless(IS_ROOT, "only root becomes another")
    def test_who_cannot_be_or_has_no_right_is_told(self):
        refused = self.stele("serve", "--data", str(self.data), "--user", "no-such-user")
        self.assertEqual((refused.returncode, refused.stderr.splitlines()[-1]), (2, "stele serve: this machine has no user no-such-user"))
        server = self.serve()
        self.assertIn("the server runs as root; --user NAME gives that up", server.words())
        self.assertEqual(server.stop(), 0)
        refused = self.stele("serve", "--data", str(self.data), "--user", "nobody")
        self.assertEqual(refused.returncode, 2)
        self.assertIn(f"belongs to another user than nobody: chown -R nobody {self.data}", refused.stderr)

    def test_the_service_manager_is_told(self):
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager, \
                socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as abstract:
            manager.bind(f"{folder}/notify")
            abstract.bind(f"\0stele-test-{os.getpid()}")
            for where, name in ((manager, f"{folder}/notify"), (abstract, f"@stele-test-{os.getpid()}")):
                where.settimeout(PATIENCE)
                server = self.serve(under=("env", f"NOTIFY_SOCKET={name}"))
                self.assertEqual(where.recv(100), b"READY=1")
                self.assertEqual(server.request("GET", "/healthz")[0], 200)
                self.assertEqual(server.stop(), 0)
                self.assertEqual(where.recv(100), b"STOPPING=1")


@unittest.skipUnless(shutil.which("systemd-analyze"), "there is no systemd-analyze")
class UnitTest(ConfinedTest):
    def analyze(self, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run(["systemd-analyze", "--no-pager", *words], capture_output=True, text=True, check=False, timeout=PATIENCE)

    def exposure(self, unit: str) -> float:
        said = self.analyze("security", "--offline=true", str(UNITS / unit))
        return float(re.search(rf"Overall exposure level for {unit}: ([\d.]+)", said.stdout)[1])

    def test_the_units_are_exposed_little(self):
        self.assertLess(self.exposure("stele.service"), 2.0)
        self.assertLess(self.exposure("stele-agent.service"), 3.0)

    def test_the_units_are_understood(self):
        for unit in ("stele.service", "stele-agent.service"):
            text = (UNITS / unit).read_text().replace("/usr/local/bin/stele", "/bin/true")
            said = self.analyze("verify", "--man=no", str(self.write(unit, text)))
            self.assertEqual((said.returncode, said.stderr), (0, ""))

    def under(self, unit: str) -> tuple[str, ...]:
        """What runs a command with the system calls of a unit alone. Those do without the search for leaks of a build for tests, which
        traces the process."""
        return ("env", "ASAN_OPTIONS=detect_leaks=0", sys.executable, str(Path(__file__).with_name("unit_filter.py")), str(UNITS / unit))

    def test_a_server_lives_on_the_system_calls_of_its_unit(self):
        server = self.serve()
        self.assertEqual(server.stop(), 0)
        self.overdue()
        under = self.under("stele.service")
        # The unit's user comes from systemd; the server finds nothing to give up.
        drop = ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs") if IS_ROOT else ("setpriv", "--no-new-privs")
        server = self.serve("--listen-tls", "127.0.0.1:0", "--otlp-grpc", "127.0.0.1:0", under=(*drop, *under))
        self.assertIn("confined: ", server.words())
        self.works(server)
        self.assertNotIn("adjtimex", server.words())
        self.assertEqual(server.stop(), 0)

    def test_an_agent_lives_on_the_system_calls_of_its_unit(self):
        server = self.serve()
        followed = self.write("app.log", "something was done\n")
        words = ["agent", "--url", server.url, "--spool", str(self.folder / "spool"), "--no-discover", "--file", str(followed)]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": NONE}
        with Command([*self.under("stele-agent.service"), STELE, *words], **quiet) as agent:
            wait_until(lambda: "something was done" in self.stele("search", "", "--url", server.url).stdout, "the line is there")
            agent.send_signal(signal.SIGTERM)
            self.assertEqual(agent.wait(PATIENCE), 0)


if __name__ == "__main__":
    unittest.main()
