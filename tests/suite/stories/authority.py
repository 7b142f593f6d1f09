"""A time stamp authority (RFC 3161) on 127.0.0.1 that stamps with OpenSSL, and lies in the ways that its paths name.

    python3 authority.py FOLDER [--tls]

FOLDER has authority.pem and authority.key of the stamps, and tls.pem and tls.key of the encryption. The first line that it
prints is its port; every question is kept as question.tsq.
"""

import http.server
import pathlib
import ssl
import subprocess
import sys

FOLDER = pathlib.Path(sys.argv[1])
CONF = """
[tsa]
serial = {0}/serial
default_policy = 1.2.3.4.1
digests = sha256
signer_digest = sha256
ess_cert_id_alg = sha256
"""


def openssl(*arguments):
    done = subprocess.run(["openssl", "ts", *arguments], cwd=FOLDER, capture_output=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.decode())


def stamp(question):
    (FOLDER / "question.tsq").write_bytes(question)
    openssl(
        *("-reply", "-config", "conf", "-section", "tsa", "-queryfile", "question.tsq", "-out", "reply.tsr"),
        *("-signer", "authority.pem", "-inkey", "authority.key"),
    )
    return (FOLDER / "reply.tsr").read_bytes()


def earlier(question):
    """A stamp of the same digest, for a question that had another nonce."""
    changed = bytearray(question)
    # Behind the nonce there is only that a certificate is wanted, in three bytes.
    changed[-4] ^= 1
    return stamp(bytes(changed))


def of_other_bytes(question):
    changed = bytearray(question)
    at = question.index(b"\x04\x20") + 2
    changed[at] ^= 1
    return stamp(bytes(changed))


def changed(question):
    reply = bytearray(stamp(question))
    reply[-1] ^= 1
    return bytes(reply)


REPLIES = {
    "/good": stamp,
    "/earlier": earlier,
    "/other": of_other_bytes,
    "/changed": changed,
    "/refused": lambda _: stamp(b"0\x00"),
    "/html": lambda _: b"<html>Welcome</html>",
    "/empty": lambda _: b"",
    "/huge": lambda _: bytes(3 << 20),
}


class Authority(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        question = self.rfile.read(int(self.headers["content-length"]))
        if self.path == "/elsewhere":
            self.send_response(302)
            self.send_header("location", "/good")
            self.end_headers()
        elif self.path not in REPLIES:
            self.send_error(503)
        else:
            reply = REPLIES[self.path](question)
            self.send_response(200)
            self.send_header("content-type", "application/timestamp-reply")
            self.send_header("content-length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

    def log_message(self, *_):
        pass


(FOLDER / "conf").write_text(CONF.format(FOLDER))
server = http.server.HTTPServer(("127.0.0.1", 0), Authority)
if "--tls" in sys.argv:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(FOLDER / "tls.pem", FOLDER / "tls.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
