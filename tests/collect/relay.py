"""Stands between a client and a server and keeps what each said to the other."""

import re
import socket
import threading


class Connection:
    """What was said on one connection. `port` is the one that the server sees."""

    def __init__(self, port: int):
        self.port = port
        self.by_client = bytearray()
        self.by_server = bytearray()


class Relay:
    """While it is closed, clients are refused, as they are by a server that is not there."""

    def __init__(self, back: int):
        self.back = back
        self.said: list[Connection] = []
        self.port = 0
        self.open()

    def open(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)  # wakes the one who waits in accept
        self.listener.close()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.back))
            except OSError:
                client.close()
                continue
            said = Connection(server.getsockname()[1])
            self.said.append(said)
            threading.Thread(target=self._pump, args=(client, server, said.by_client), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, said.by_server), daemon=True).start()

    @staticmethod
    def _pump(source: socket.socket, sink: socket.socket, kept: bytearray) -> None:
        try:
            while data := source.recv(65_536):
                kept += data
                sink.sendall(data)
        except OSError:
            pass
        try:
            while data := source.recv(65_536, socket.MSG_DONTWAIT):  # was on its way when the other end broke
                kept += data
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
        for said in list(self.said):
            good = set(re.findall(rb"(?m)^(\d+) rsp \d+ 200 ", bytes(said.by_server)))
            at, text = 0, bytes(said.by_client)
            while header := re.compile(rb"(\d+) (\w+) (\d+)").match(text, at):
                size = int(header[3])
                data = text[header.end() + 1:header.end() + 1 + size]
                at = header.end() + (1 + size if size else 0) + 1
                if header[2] == b"syslog" and header[1] in good:
                    out.append(data)
        return out

    @staticmethod
    def counted(said: Connection) -> list[bytes]:
        """The messages of a syslog connection with octet counting (RFC 6587) that the client sent in full, in their order."""
        out, at, text = [], 0, bytes(said.by_client)
        while header := re.compile(rb"(\d+) ").match(text, at):
            end = header.end() + int(header[1])
            if end > len(text):
                break
            out.append(text[header.end():end])
            at = end
        return out
