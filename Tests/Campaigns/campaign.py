# campaign.py: what the campaigns share: a server that can be killed, signed requests, codes, PostgreSQL and the verdict line.
import argparse
import datetime
import glob
import hashlib
import hmac
import http.client
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import base64
import sys
import tempfile
import time

ACCOUNT = "123456789012"
ROOT_KEY, ROOT_SECRET = "AKIAROOTROOTROOTROOT", "rootsecretrootsecretrootsecretrootsecret"
PASSWORD = "wandering otters hum at dusk"
BINARY = os.path.abspath(os.environ.get("LATCHKEY_BINARY") or
                         os.path.join(os.path.dirname(__file__), "../../.build/release/latchkey"))


class Campaign:
    """One campaign: its numbers, its seed, its folder, and what it found wrong."""

    def __init__(self, name, **numbers):
        parser = argparse.ArgumentParser()
        for number, usual in numbers.items():
            parser.add_argument(f"--{number}", type=int, default=usual)
        parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
        parser.add_argument("--store", help="the address of an empty PostgreSQL database; a server is started without it")
        self.name, self.given = name, parser.parse_args()
        self.random = random.Random(self.given.seed)
        self.faults, self.servers, self.cleanups = [], [], []
        self.folder = tempfile.mkdtemp(prefix=f"latchkey-{name}-")
        self.environment = {
            "PATH": "/usr/bin:/bin", "HOME": self.folder, "LC_ALL": "C.UTF-8",
            "LATCHKEY_STORE": f"sqlite:{self.folder}/store.sqlite", "LATCHKEY_MASTER_KEY": f"{self.folder}/master.key",
            # Cheap, so that there are many sign-ins in the time.
            "LATCHKEY_ARGON2_MEMORY": "7168", "LATCHKEY_ARGON2_PASSES": "1",
            "LATCHKEY_INIT_ACCOUNT": ACCOUNT, "LATCHKEY_INIT_ROOT_ACCESS_KEY_ID": ROOT_KEY,
            "LATCHKEY_INIT_ROOT_SECRET_ACCESS_KEY": ROOT_SECRET,
        }

    def wrong(self, sentence):
        self.faults.append(sentence)
        print(f"wrong: {sentence}", file=sys.stderr)

    def expect(self, holds, sentence):
        if not holds:
            self.wrong(sentence)
        return holds

    def run(self, body):
        """Runs the campaign and ends the process with its verdict line."""
        try:
            told = body(self)
        except Exception as error:  # A campaign that breaks off has not been won.
            import traceback
            traceback.print_exc()
            self.faults.append(f"broke off: {error!r}")
            told = ""
        finally:
            for server in self.servers:
                server.end(signal.SIGKILL)
            for cleanup in reversed(self.cleanups):
                cleanup()
        first = f": {self.faults[0]}" if self.faults else ""
        verdict = f"FAILED with {len(self.faults)} faults{first}" if self.faults else "passed"
        if self.faults:
            print(f"what is left lies in {self.folder}", file=sys.stderr)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)
        print(f"{self.name}: seed {self.given.seed}: {told}: {verdict}", flush=True)
        sys.exit(1 if self.faults else 0)

    def latchkey(self, *words, stdin="", **environment):
        """Runs the command to its end; its status, output and errors."""
        done = subprocess.run([BINARY, *words], input=stdin.encode(), capture_output=True, timeout=120,
                              env={**self.environment, **environment}, cwd=self.folder)
        return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")

    def must(self, *words, **more):
        status, output, errors = self.latchkey(*words, **more)
        if status != 0:
            raise RuntimeError(f"latchkey {' '.join(words)} ended with {status}: {errors}")
        return output

    def serve(self, **more):
        server = Server(self, **more)
        self.servers.append(server)
        return server

    def postgres(self):
        """The address of an empty database: the one given, or one on a server of the campaign's own."""
        if self.given.store:
            return self.given.store
        programs = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
        folder = tempfile.mkdtemp(prefix="latchkey-postgres-", dir="/tmp")
        user = []
        if os.getuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
            user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}
        subprocess.run([*user, f"{programs}/initdb", "-D", f"{folder}/data", "-U", "latchkey", "-A", "trust", "-E", "UTF8",
                        "--locale=C", "--no-instructions"], check=True, **quiet)
        server = subprocess.Popen([*user, f"{programs}/postgres", "-D", f"{folder}/data", "-c", "listen_addresses=", "-c",
                                   f"unix_socket_directories={folder}", "-c", "max_connections=200"], **quiet)

        def end():
            server.send_signal(signal.SIGQUIT)
            server.wait()
            shutil.rmtree(folder, ignore_errors=True)

        self.cleanups.append(end)
        for _ in range(200):
            made = subprocess.run([f"{programs}/createdb", "-h", folder, "-U", "latchkey", "campaign"], **quiet)
            if made.returncode == 0:
                return f"postgresql://latchkey@/campaign?host={folder}"
            time.sleep(0.05)
        raise RuntimeError("PostgreSQL does not start")


class Server:
    """`latchkey serve` on loopback."""

    def __init__(self, campaign, wrapper=(), words=(), **environment):
        self.campaign, self.wrapper, self.words, self.more = campaign, list(wrapper), list(words), environment
        self.process, self.port = None, None
        self.log = os.path.join(campaign.folder, f"server-{len(campaign.servers)}.log")
        self.start()

    def start(self):
        """Starts it and returns the seconds until it listened."""
        began = time.monotonic()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.wrapper + [BINARY, "serve", "--init", "--listen", "127.0.0.1:0", *self.words],
                env={**self.campaign.environment, **self.more}, cwd=self.campaign.folder, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=log)
        line = self.process.stdout.readline().decode()
        if not line.startswith("listening on "):
            raise RuntimeError(f"the server does not start: {open(self.log).read()[-400:]}")
        self.port = int(line.rsplit(":", 1)[1])
        return time.monotonic() - began

    def end(self, how=signal.SIGTERM):
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(how)
        status = self.process.wait(timeout=60)
        self.process.stdout.close()
        self.process = None
        return status

    def post(self, action, members, signed=False, timeout=20):
        """Calls an action as JSON; its status and answer, or None and why there was no answer."""
        body = json.dumps(members).encode()
        headers = {"Content-Type": "application/json", "Host": f"127.0.0.1:{self.port}"}
        if signed:
            headers.update(sign("POST", f"/v1/{action}", headers["Host"], body))
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
            try:
                connection.request("POST", f"/v1/{action}", body, headers)
                answer = connection.getresponse()
                return answer.status, json.loads(answer.read() or b"{}")
            finally:
                connection.close()
        except (OSError, http.client.HTTPException, ValueError) as error:
            return None, repr(error)

    def call(self, action, members, signed=True):
        status, answer = self.post(action, members, signed)
        if status != 200:
            raise RuntimeError(f"{action} was answered {status}: {answer}")
        return answer


def sign(method, path, host, body, key=ROOT_KEY, secret=ROOT_SECRET, service="latchkey", now=None,
         kind="application/json"):
    """The headers of an AWS Signature Version 4 over content type, host and date."""
    moment = (now or datetime.datetime.now(datetime.timezone.utc)).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{moment[:8]}/us-east-1/{service}/aws4_request"
    canonical = "\n".join([method, path, "", f"content-type:{kind}", f"host:{host}", f"x-amz-date:{moment}", "",
                           "content-type;host;x-amz-date", hashlib.sha256(body).hexdigest()])
    text = "\n".join(["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    derived = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        derived = hmac.new(derived, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(derived, text.encode(), hashlib.sha256).hexdigest()
    return {"X-Amz-Date": moment, "Authorization": f"AWS4-HMAC-SHA256 Credential={key}/{scope}, "
            f"SignedHeaders=content-type;host;x-amz-date, Signature={signature}"}


def code(seed, counter):
    """The six digits of RFC 4226 for a Base32 seed and a counter or time step."""
    mac = hmac.new(base64.b32decode(seed + "=" * (-len(seed) % 8)), struct.pack(">Q", counter), hashlib.sha1).digest()
    at = mac[-1] & 15
    return f"{(struct.unpack('>I', mac[at:at + 4])[0] & 0x7fffffff) % 1000000:06}"


def step():
    return int(time.time()) // 30
