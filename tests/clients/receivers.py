"""Two receivers of records, for a test: receivers.py DIR CERT KEY

systemd's journal: a datagram socket DIR/journal.sock; each datagram becomes a line of JSON in DIR/journal.out, an object of its
fields. OTLP over HTTPS: POST /v1/logs on a free port of 127.0.0.1, which stands in DIR/otlp.port when all is ready; each body becomes
a line of DIR/otlp.out. Ends with its standard input."""
import http.server, json, os, socket, ssl, struct, sys, threading

folder, cert, key = sys.argv[1:]
write_lock = threading.Lock()


def put(name, text):
    with write_lock, open(os.path.join(folder, name), "a") as f:
        f.write(text + "\n")


def fields(datagram):
    """NAME=value lines, or NAME, a line end, a length of eight bytes and the value (systemd.journal-fields, native protocol)."""
    found = {}
    while datagram:
        line, rest = datagram.split(b"\n", 1)
        if b"=" in line:
            name, value = line.split(b"=", 1)
            datagram = rest
        else:
            (n,) = struct.unpack("<Q", rest[:8])
            name, value, end = line, rest[8 : 8 + n], rest[8 + n : 9 + n]
            if end != b"\n":
                raise ValueError("a value without its line end")
            datagram = rest[9 + n :]
        found[name.decode()] = value.decode()
    return found


def journal(sock):
    while True:
        put("journal.out", json.dumps(fields(sock.recv(1 << 20))))


class Otlp(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        good = self.path == "/v1/logs" and self.headers["Content-Type"] == "application/json"
        if good:
            put("otlp.out", json.dumps(json.loads(body)))
        answer = b"{}"
        self.send_response(200 if good else 400)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
sock.bind(os.path.join(folder, "journal.sock"))
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Otlp)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(cert, key)
server.socket = context.wrap_socket(server.socket, server_side=True)
for run in (lambda: journal(sock), server.serve_forever):
    threading.Thread(target=run, daemon=True).start()
with open(os.path.join(folder, "otlp.port.new"), "w") as f:
    f.write(str(server.server_address[1]))
os.rename(os.path.join(folder, "otlp.port.new"), os.path.join(folder, "otlp.port"))
sys.stdin.read()
