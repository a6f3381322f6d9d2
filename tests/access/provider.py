"""A company's provider of OpenID Connect, which is a real one (npm's oidc-provider), and servers that send people there."""

import json
import os
import subprocess
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "cli"))

from harness import PATIENCE, CommandTest  # noqa: E402
from ports import free_port  # noqa: E402

ROLES = """
roles:
  - {group: "Audit: Team", role: auditor}
  - {group: eu, role: reader, logs: [other]}
  - {group: everybody, role: admin}
"""
ACCOUNTS = {
    "ada": {"name": "Ada Park", "preferred_username": "ada.park", "groups": ["everybody", "Audit: Team"]},
    "eve": {"name": "<b>Eve</b>", "groups": ["sales"]},
    "lin": {"name": "Lin", "groups": "eu", "email": "lin@example.com", "email_verified": True},
    "max": {"name": "Max", "groups": ["eu"], "email": "ada@example.com", "email_verified": False},
    "none": {"name": "Nobody", "realm_access": {"roles": ["eu"]}},
}


class ProviderTest(CommandTest):
    def setUp(self):
        super().setUp()
        self.port = free_port()
        self.public = f"http://127.0.0.1:{self.port}"
        self.provider_port = free_port()
        self.issuer = f"http://localhost:{self.provider_port}"
        self.provider_process = None
        self.addCleanup(self.stop_provider)

    def start_provider(self, key: str = "k1", alg: str = "RS256", in_token: bool = False) -> None:
        callback = self.public + "/api/v1/oidc/callback"
        common = {"redirect_uris": [callback], "response_types": ["code"], "grant_types": ["authorization_code"]}
        clients = [{"client_id": "stele", "client_secret": "a secret: with % and +", **common},
                   {"client_id": "public", "token_endpoint_auth_method": "none", **common},
                   {"client_id": "other", "client_secret": "another", **common}]
        self.provider_process = subprocess.Popen(
            ["node", str(Path(__file__).with_name("oidc_provider.mjs"))], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True,
            env={**os.environ, "STELE_SOURCE_DIR": os.environ.get("STELE_SOURCE_DIR", str(Path(__file__).parents[2]))})
        asked = {"port": self.provider_port, "key": key, "alg": alg, "inToken": in_token, "clients": clients, "accounts": ACCOUNTS}
        self.provider_process.stdin.write(json.dumps(asked) + "\n")
        self.provider_process.stdin.flush()
        for line in self.provider_process.stdout:
            if line == "ready\n":
                return
        self.fail("the provider did not start")

    def stop_provider(self) -> None:
        if self.provider_process is not None:
            self.provider_process.kill()
            self.provider_process.wait(PATIENCE)
            self.provider_process.stdin.close()
            self.provider_process.stdout.close()
            self.provider_process = None

    def flags(self, *more: str, client: str = "stele") -> list[str]:
        secret = self.write("secret", "a secret: with % and +\n")
        out = ["--logs", "other", "--public-url", self.public, "--oidc-issuer", self.issuer, "--oidc-client-id", client,
               "--oidc-roles", str(self.write("roles.yaml", ROLES)), *more]
        return out + ["--oidc-client-secret-file", str(secret)] if client == "stele" else out

    def serve_with_provider(self, *more: str, client: str = "stele"):
        return self.serve(*self.flags(*more, client=client), listen=f"127.0.0.1:{self.port}", role="")
