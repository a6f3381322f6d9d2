#!/usr/bin/env python3
"""TLS as clients see it: a certificate that the server makes, or one that is given and replaced while it runs; servers that are not who
they are taken for are told nothing; clients with certificates write under their names; and what a scanner says of the ports."""

import re
import ssl
import stat
import subprocess
import sys
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "cli"))

from harness import PATIENCE, CommandTest, event, lines, wait_until  # noqa: E402


class TlsTest(CommandTest):
    def openssl(self, *words: str) -> str:
        return subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True, text=True).stdout

    def certificate(self, name: str, host: str = "localhost") -> tuple[Path, Path]:
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={host}",
                     "-addext", f"subjectAltName=DNS:{host}", "-keyout", f"{name}.key", "-out", f"{name}.pem")
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"

    def signed(self, name: str, authority: str) -> None:
        self.openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}", "-keyout",
                     f"{name}.key", "-out", f"{name}.csr")
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key", "-CAcreateserial",
                     "-days", "2", "-out", f"{name}.pem")

    def fingerprint(self, path: Path) -> str:
        return self.openssl("x509", "-in", str(path), "-noout", "-fingerprint", "-sha256").strip().split("=")[1]

    def token(self, role: str) -> dict:
        made = self.stele("token", "create", "--data", str(self.data), "--role", role, "--name", role)
        return {"STELE_TOKEN": self.ran(made).strip()}

    def curl(self, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run(["curl", "-sS", "--max-time", "30", *words], cwd=self.folder, capture_output=True, text=True, check=False)

    def test_a_server_makes_its_certificate_and_is_believed_by_it_alone(self):
        server = self.serve("--listen-tls", "127.0.0.1:0", "--tls-names", "audit.example.org", role="")
        certificate = self.data / "tls/certificate.pem"
        self.assertEqual(stat.S_IMODE((self.data / "tls/key.pem").stat().st_mode), 0o600)
        printed = re.search(r"fingerprint ([\w:]+), pin (sha256//[\w+/=]+)", server.words())
        self.assertEqual(printed[1], self.fingerprint(certificate))
        pin = printed[2]
        owner = self.token("owner")
        url = server.tls_url
        name = "https://localhost:" + url.rpartition(":")[2]
        for trust in (["--ca-file", str(certificate)], ["--pin", pin]):
            for base in (url, name):
                self.ran(self.stele("append", "--url", base, *trust, given=lines([event(1)]), env=owner))
                self.assertIn("customer.export", self.ran(self.stele("search", "actor:u_1", "--url", base, *trust, env=owner)))
                self.ran(self.stele("verify", "--url", base, *trust, env=owner))
        self.ran(self.stele("status", "--url", url, env={**owner, "STELE_PIN": pin}))
        self.ran(self.stele("status", "--url", url, env={**owner, "STELE_CA_FILE": str(certificate)}))
        self.assertEqual(self.curl("--cacert", str(certificate), name + "/healthz").returncode, 0)
        to = f"audit.example.org:443:127.0.0.1:{url.rpartition(':')[2]}"
        self.assertEqual(self.curl("--cacert", str(certificate), "--connect-to", to, "https://audit.example.org/healthz").returncode, 0)
        self.assertEqual(self.curl("-k", "--pinnedpubkey", pin, url + "/healthz").returncode, 0)
        # Who is not known is told nothing, a token least of all.
        other, _ = self.certificate("other")
        for trust in ([], ["--ca-file", str(other)], ["--pin", "sha256//" + "A" * 43 + "="]):
            refused = self.stele("status", "--url", name, *trust, env=owner)
            self.assertEqual(refused.returncode, 2, refused.stderr)
            self.assertIn("its certificate is", refused.stderr)
        for words in (["status", "--url", "http" + url.removeprefix("https")], ["verify", "--url", server.url]):
            refused = self.stele(*words, "--pin", pin, env=owner)
            self.assertEqual(refused.returncode, 2)
            self.assertIn("for an https server", refused.stderr)
        self.ran(self.stele("status", "--url", url.removeprefix("https://"), "--pin", pin, env=owner))
        plain = self.curl("http" + url.removeprefix("https") + "/healthz")
        self.assertIn("this port speaks TLS", plain.stdout)
        # It is the same server after a restart.
        before = certificate.read_text()
        self.assertEqual(server.stop(), 0)
        again = self.serve("--listen-tls", "127.0.0.1:0")
        self.assertEqual(certificate.read_text(), before)
        self.assertIn(pin, again.words())

    def test_a_certificate_that_is_replaced_is_shown_at_once_and_on_record(self):
        certificate, key = self.certificate("server")
        server = self.serve("--listen-tls", "127.0.0.1:0", "--tls-certificate", str(certificate), "--tls-key", str(key))
        host, port = "127.0.0.1", int(server.tls_url.rpartition(":")[2])
        shown = lambda: ssl.get_server_certificate((host, port))  # noqa: E731
        first = self.fingerprint(certificate)
        self.assertEqual(shown().split(), certificate.read_text().split())
        new_certificate, new_key = self.certificate("new")
        second = self.fingerprint(new_certificate)
        new_certificate.rename(certificate)  # for a moment the two do not fit
        wait_until(lambda: "the certificate from before is shown" in server.words(), "the server says so")
        self.assertNotEqual(shown().split(), certificate.read_text().split())
        new_key.rename(key)
        wait_until(lambda: shown().split() == certificate.read_text().split(), "the new certificate is shown")
        self.assertEqual(server.words().count("the certificate from before is shown"), 1)
        changed = wait_until(lambda: self.recorded("stele.certificate.changed", "--url", server.url), "an entry of it")
        self.assertEqual([one["attributes"] for one in changed], [{"from": first, "to": second}])

    def recorded(self, action: str, *where: str) -> list[dict]:
        return [one["event"] for one in self.stored(*where, "--log", "audit") if one["event"]["action"] == action]

    def test_a_client_with_a_certificate_writes_under_its_name(self):
        self.certificate("authority", "authority")
        self.signed("billing-1", "authority")
        self.certificate("stranger", "billing-1")
        server = self.serve("--listen-tls", "127.0.0.1:0", "--tls-client-ca", str(self.folder / "authority.pem"), role="")
        trust = ["--cacert", str(self.data / "tls/certificate.pem")]
        mine = [*trust, "--cert", "billing-1.pem", "--key", "billing-1.key"]
        self.write("event", lines([event(1)]))
        url = server.tls_url
        self.assertEqual(self.curl(*mine, "-d", "@event", "-w", "%{http_code}", "-o", "answer", url + "/api/v1/events").stdout, "200")
        self.assertEqual(self.curl(*mine, "-w", "%{http_code}", "-o", "answer", url + "/api/v1/events").stdout, "403")
        self.assertEqual(self.curl(*trust, "-d", "@event", "-w", "%{http_code}", "-o", "answer", url + "/api/v1/events").stdout, "401")
        forged = self.curl(*trust, "--cert", "stranger.pem", "--key", "stranger.key", "-d", "@event", url + "/api/v1/events")
        self.assertNotEqual(forged.returncode, 0)
        posted = lambda target: self.curl(*mine, "-d", "@event", "-w", "%{http_code}", "-o", "answer", url + target).stdout  # noqa: E731
        self.assertEqual(posted("/api/v1/events?source=payroll"), "403", "it writes as itself alone")
        for target in ("/log/audit/checkpoint", "/log/audit/key"):
            self.assertEqual(self.curl(*mine, "-w", "%{http_code}", "-o", "answer", url + target).stdout, "404", target)
        [entry] = self.stored()
        self.assertEqual((entry["source"]["id"], entry["source"]["identity"]), ("billing-1", "certificate:billing-1"))
        self.assertEqual(server.stop(), 0)
        refused = self.recorded("stele.access.refused", "--data", str(self.data))
        self.assertEqual([one["actor"]["id"] for one in refused], ["certificate:billing-1", "anonymous", *["certificate:billing-1"] * 3])

    def test_what_cannot_be_is_said(self):
        certificate, key = self.certificate("server")
        for flags, words in [(["--listen", "0.0.0.0:0"], "say --listen-tls 0.0.0.0:0 for TLS, or --allow-remote true"),
                             (["--syslog", "0.0.0.0:0"], "say --syslog-tls 0.0.0.0:0 for TLS"),
                             (["--listen-tls", "127.0.0.1:0", "--tls-certificate", str(certificate)],
                              "tls_certificate and tls_key come together"),
                             (["--listen-tls", "127.0.0.1:0", "--tls-certificate", str(key), "--tls-key", str(key)],
                              f"the TLS certificate {key} cannot be used"),
                             (["--listen-tls", "127.0.0.1:0", "--tls-names", "two+words"], 'not "two+words"')]:
            refused = self.stele("serve", "--data", str(self.data), *flags)
            self.assertNotEqual(refused.returncode, 0, flags)
            self.assertIn(words, refused.stderr)

    def test_a_scanner_finds_nothing(self):
        """sslscan over every kind of TLS port: TLS 1.2 and 1.3 with forward secrecy and AEAD, and no more."""
        server = self.serve("--listen-tls", "127.0.0.1:0", "--syslog-tls", "127.0.0.1:0", "--relp-tls", "127.0.0.1:0", "--otlp-grpc-tls",
                            "127.0.0.1:0")
        ports = re.findall(r"(HTTPS|syslog over TLS|RELP over TLS|OTLP/gRPC over TLS) on (\S+)", server.words())
        self.assertEqual(len(ports), 4, server.words())
        for door, address in ports:
            report = subprocess.run(["sslscan", "--no-colour", "--xml=-", address], capture_output=True, text=True, check=True,
                                    timeout=PATIENCE * 3).stdout
            [test] = ElementTree.fromstring(report).iter("ssltest")
            protocols = {one.get("type") + one.get("version") for one in test.iter("protocol") if one.get("enabled") == "1"}
            self.assertEqual(protocols, {"tls1.2", "tls1.3"}, door)
            ciphers = {one.get("cipher") for one in test.iter("cipher")}
            self.assertTrue(ciphers, door)
            for cipher in ciphers:
                self.assertRegex(cipher, r"^(TLS_|ECDHE-).*(GCM|POLY1305)", door)
            self.assertTrue(all(one.get("vulnerable") == "0" for one in test.iter("heartbleed")), door)
            self.assertTrue(all(one.get("supported") == "0" for one in test.iter("compression")), door)
            self.assertTrue(all(one.get("supported") == "0" or one.get("secure") == "1" for one in test.iter("renegotiation")), door)
            self.assertEqual([one.text for one in test.iter("signature-algorithm")], ["ecdsa-with-SHA256"], door)


if __name__ == "__main__":
    unittest.main()
