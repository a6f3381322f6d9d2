"""nginx as a process: the one that is installed, else the one that ./x unpacked beside Debian's packages."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

BESIDE = Path(os.environ["STELE_SOURCE_DIR"]) / "build/beside/nginx/usr/sbin/nginx"


class Nginx:
    """Takes TLS off and passes on to `upstream`; stop it."""

    def __init__(self, port: int, upstream: str):
        program = shutil.which("nginx", path="/usr/sbin:/usr/bin") or BESIDE
        if not Path(program).exists():
            raise SystemExit("FAILED: nginx is not there; ./x test brings it")
        self.url = f"https://127.0.0.1:{port}"
        self.folder = tempfile.TemporaryDirectory(prefix="stele-nginx-")
        here = Path(self.folder.name)
        made = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
        subprocess.run(["openssl", *made.split(), "-keyout", "key.pem", "-out", "certificate.pem"], cwd=here, check=True,
                       capture_output=True)
        (here / "nginx.conf").write_text(f"""
daemon off;
pid {here}/pid;
error_log {here}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {here}/body;
  proxy_temp_path {here}/proxy;
  fastcgi_temp_path {here}/fastcgi;
  uwsgi_temp_path {here}/uwsgi;
  scgi_temp_path {here}/scgi;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {here}/certificate.pem;
    ssl_certificate_key {here}/key.pem;
    location / {{
      proxy_pass {upstream};
      proxy_http_version 1.1;
      proxy_buffering off;
      client_max_body_size 64m;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
    }}
  }}
}}
""")
        self.process = subprocess.Popen([program, "-p", here, "-e", here / "error.log", "-c", here / "nginx.conf"])

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)
        self.folder.cleanup()
