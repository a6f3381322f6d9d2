#!/usr/bin/env python3
"""Goal: a real OpenTelemetry Collector reads files and exports them over OTLP/HTTP and OTLP/gRPC, its queue on disk, while the server
is killed and started again and its log takes nothing for a while: every line arrives, what the Collector was told is stored is
there, and nothing is there twice. Then the Collector is killed too. Of that it loses, by itself, lines that it had read and not put
into its queue yet (one read of each file a kill was seen), and may send others again with another time of observation: both are
counted, and the loss is bounded.

Run by tests/soak/collector. STELE_COLLECTOR names the program."""

import collections
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "collect"))
from server import Server, expect, expect_equal, free_port  # noqa: E402

ROUNDS = int(os.environ.get("STELE_COLLECTOR_ROUNDS", "6"))
WAYS = ("http", "json", "grpc")
LINES_AT_ONCE = 50
PATIENCE = 120


def config(work: Path, server: Server, grpc: int, metrics: int) -> str:
    retry = "retry_on_failure: {enabled: true, initial_interval: 200ms, max_interval: 1s, max_elapsed_time: 0}"
    queue = "sending_queue: {enabled: true, storage: file_storage, queue_size: 100000, num_consumers: 4}"
    text = f"extensions:\n  file_storage: {{directory: {work}/storage, create_directory: true, fsync: true}}\nreceivers:\n"
    for way in WAYS:
        text += (f"  filelog/{way}:\n    include: [{work}/{way}.log]\n    start_at: beginning\n    storage: file_storage\n"
                 "    poll_interval: 50ms\n    retry_on_failure: {enabled: true}\n    resource: {service.name: shop}\n")
    page = (Path(os.environ["STELE_SOURCE_DIR"]) / "docs/sources/otlp.md").read_text()
    printed = re.search(r"```yaml\n(exporters:\n.*?)```", page, re.S)[1]  # names one exporter, otlphttp/stele
    text += printed.replace("http://127.0.0.1:7373", server.url) + f"""
  otlphttp/json:
    logs_endpoint: {server.url}/v1/logs?source=json
    encoding: json
    compression: none
    {retry}
    {queue}
  otlp/grpc:
    endpoint: 127.0.0.1:{grpc}
    tls: {{insecure: true}}
    {retry}
    {queue}
service:
  telemetry:
    metrics: {{level: normal, readers: [{{pull: {{exporter: {{prometheus: {{host: 127.0.0.1, port: {metrics}}}}}}}}}]}}
  extensions: [file_storage]
  pipelines:
    logs/http: {{receivers: [filelog/http], exporters: [otlphttp/stele]}}
    logs/json: {{receivers: [filelog/json], exporters: [otlphttp/json]}}
    logs/grpc: {{receivers: [filelog/grpc], exporters: [otlp/grpc]}}
"""
    return text


class Collector:
    def __init__(self, work: Path):
        self.work = work
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        with open(self.work / "collector.out", "a") as out:
            self.process = subprocess.Popen([os.environ["STELE_COLLECTOR"], "--config", self.work / "collector.yaml"], stdout=out,
                                            stderr=subprocess.STDOUT)

    def end(self, number: int) -> None:
        self.process.send_signal(number)
        self.process.wait(timeout=60)

    def said(self) -> str:
        return (self.work / "collector.out").read_text()


class Writer:
    """Writes numbered lines into the files all the time."""

    def __init__(self, work: Path, first: int = 0):
        self.count = first
        self._files = [(way, open(work / f"{way}.log", "a", buffering=1)) for way in WAYS]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            for way, file in self._files:
                file.write("".join(f"line {number} {way} Zürich\n" for number in range(self.count, self.count + LINES_AT_ONCE)))
            self.count += LINES_AT_ONCE
            time.sleep(0.02)

    def finish(self) -> None:
        self._stop.set()
        self._thread.join()


def counts(server: Server) -> dict[str, collections.Counter]:
    """Of each way, how often each number is in the log."""
    out = {way: collections.Counter() for way in WAYS}
    for entry in server.entries():
        found = re.match(r"line (\d+) (\w+) Zürich$", str(entry["event"].get("message", "")))
        if found:
            expect_equal(entry["event"]["actor"], {"type": "service", "id": "shop"}, "who")
            out[found[2]][int(found[1])] += 1
    return out


def wait_for_all(server: Server, collector: Collector, wanted: int) -> dict[str, collections.Counter]:
    deadline = time.time() + PATIENCE
    while True:
        got = counts(server)
        if all(len(got[way]) == wanted for way in WAYS):
            return got
        if time.time() > deadline or collector.process.poll() is not None:
            missing = {way: sorted(set(range(wanted)) - set(got[way]))[:5] for way in WAYS}
            raise SystemExit(f"FAILED: of {wanted} lines {[len(got[way]) for way in WAYS]} came; missing: {missing}\n"
                             + collector.said()[-3000:])
        time.sleep(0.5)


def wait_until_quiet(server: Server, last: int) -> dict[str, collections.Counter]:
    """Until the last line of each way is there, and nothing more comes for a while."""
    deadline = time.time() + PATIENCE
    seen, since = -1, time.time()
    while time.time() - since < 10:
        got = counts(server)
        size = sum(sum(one.values()) for one in got.values())
        if size != seen or not all(last in got[way] for way in WAYS):
            seen, since = size, time.time()
        expect(time.time() < deadline, f"the last lines have not come: {[len(got[way]) for way in WAYS]} of {last + 1} lines")
        time.sleep(0.5)
    return got


def acknowledged(metrics: int) -> int:
    """Records that the Collector's exporters were told are stored."""
    text = urllib.request.urlopen(f"http://127.0.0.1:{metrics}/metrics", timeout=30).read().decode()
    return sum(int(float(value)) for value in re.findall(r"^otelcol_exporter_sent_log_records\S* (\S+)$", text, re.M))


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="stele-collector-") as folder:
        work = Path(folder)
        grpc, metrics = free_port(), free_port()
        server = Server(work, "--otlp-grpc", f"127.0.0.1:{grpc}")
        os.environ["STELE_TOKEN"] = server.make_token("writer")
        (work / "collector.yaml").write_text(config(work, server, grpc, metrics))
        collector = Collector(work)
        collector.start()
        writer = Writer(work)
        try:
            for _ in range(ROUNDS):
                time.sleep(1)
                server.kill()
                time.sleep(0.3)
                server.start()
            with server.stopped():
                time.sleep(2)
            writer.finish()
            got = wait_for_all(server, collector, writer.count)
            twice = {way: sorted(number for number, times in got[way].items() if times > 1)[:5] for way in WAYS}
            expect(not any(twice.values()), f"lines that are there twice, though only the server was killed: {twice}")
            sent = acknowledged(metrics)
            stored = sum(sum(one.values()) for one in got.values())
            expect(0 < sent <= stored, f"the Collector was told of {sent} records, {stored} are stored")
            print(f"{writer.count} lines each way; acknowledged: {sent}, stored: {stored}, none twice")

            writer = Writer(work, writer.count)
            for _ in range(ROUNDS // 2):
                time.sleep(1)
                server.kill()
                collector.end(signal.SIGKILL)
                collector.start()
                time.sleep(0.5)
                server.start()
            writer.finish()
            got = wait_until_quiet(server, writer.count - 1)
            again = {way: sum(times - 1 for times in got[way].values()) for way in WAYS}
            lost = {way: writer.count - len(got[way]) for way in WAYS}
            print(f"{writer.count} lines each way; with the Collector killed {ROUNDS // 2} times, lost: {lost}, sent twice: {again}")
            expect(max(lost.values()) <= ROUNDS // 2 * 10 * LINES_AT_ONCE, "the Collector loses more than what it had just read")
        finally:
            writer.finish()
            collector.end(signal.SIGTERM)
        expect_equal({one["source"]["id"] for one in server.entries()} - {"stopper"}, {"json", "otlp"}, "sources")
        server.stop()
        server.verify()


if __name__ == "__main__":
    main()
