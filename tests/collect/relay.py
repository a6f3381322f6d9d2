"""Stands between a client and a server and keeps what each said to the other."""

import re
import socket
import threading


class Relay:
    def __init__(self, back: int):
        self.back = back
        self.said: dict[int, tuple[bytearray, bytearray]] = {}  # connection → by the client, by the server
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        for number in range(1_000_000):
            client, _ = self.listener.accept()
            try:
                server = socket.create_connection(("127.0.0.1", self.back))
            except OSError:
                client.close()
                continue
            self.said[number] = (bytearray(), bytearray())
            for source, sink, kept in ((client, server, self.said[number][0]), (server, client, self.said[number][1])):
                threading.Thread(target=self._pump, args=(source, sink, kept), daemon=True).start()

    @staticmethod
    def _pump(source: socket.socket, sink: socket.socket, kept: bytearray) -> None:
        try:
            while data := source.recv(65_536):
                kept += data
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def acknowledged(self) -> list[bytes]:
        """The data of every RELP frame whose answer went towards the client as 200."""
        out = []
        for sent, answered in list(self.said.values()):
            good = set(re.findall(rb"(?m)^(\d+) rsp \d+ 200 ", bytes(answered)))
            at, text = 0, bytes(sent)
            while header := re.compile(rb"(\d+) (\w+) (\d+)").match(text, at):
                size = int(header[3])
                data = text[header.end() + 1:header.end() + 1 + size]
                at = header.end() + (1 + size if size else 0) + 1
                if header[2] == b"syslog" and header[1] in good:
                    out.append(data)
        return out
