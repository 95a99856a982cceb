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
        return self.given.store or Postgres(self).address

    def examine(self, when="", doctor=True):
        """Holds store, trail and, unless the place itself is ill, all that the doctor looks at against what it should be."""
        for words in [("store", "check"), ("audit", "--verify")] + [("doctor",)] * doctor:
            status, said, errors = self.latchkey(*words)
            self.expect(status == 0, f"{when}latchkey {' '.join(words)} ended with {status}: {errors or said}")

    def preload(self, source):
        """Compiles a library of C that is loaded before the server's own, and returns its path."""
        library = f"{self.folder}/{source}.so"
        compiler = shutil.which("cc") or shutil.which("clang") or os.path.join(
            os.path.dirname(os.path.realpath(shutil.which("swift"))), "clang")
        subprocess.run([compiler, "-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o", library,
                        os.path.join(os.path.dirname(os.path.abspath(__file__)), source), "-ldl"], check=True)
        return library


class Postgres:
    """A PostgreSQL server of the campaign's own, on a socket in a folder of its own, with one empty database."""

    def __init__(self, campaign):
        self.programs = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
        self.folder = tempfile.mkdtemp(prefix="latchkey-postgres-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else "/tmp")
        # It ends with the campaign, however that ends.
        self.user = ["setpriv", "--pdeathsig=QUIT"]
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
            self.user += ["--reuid=postgres", "--regid=postgres", "--clear-groups"]
        self.quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}
        subprocess.run([*self.user, f"{self.programs}/initdb", "-D", f"{self.folder}/data", "-U", "latchkey", "-A", "trust",
                        "-E", "UTF8", "--locale=C", "--no-instructions"], check=True, **self.quiet)
        self.process = None
        campaign.cleanups.append(self.end)
        self.start()
        self.psql("CREATE DATABASE campaign", "postgres")
        self.address = f"postgresql://latchkey@/campaign?host={self.folder}"

    def start(self):
        """Starts the server and waits until it takes connections."""
        self.process = subprocess.Popen(
            [*self.user, f"{self.programs}/postgres", "-D", f"{self.folder}/data", "-c", "listen_addresses=", "-c",
             f"unix_socket_directories={self.folder}", "-c", "max_connections=200"], **self.quiet)
        self.await_readiness()

    def await_readiness(self):
        for _ in range(2000):
            if subprocess.run([f"{self.programs}/pg_isready", "-q", "-h", self.folder], **self.quiet).returncode == 0:
                return
            time.sleep(0.02)
        raise RuntimeError("PostgreSQL does not start")

    def stop(self, how=signal.SIGQUIT):
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait()
            self.process = None

    def end(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def psql(self, text, database="campaign"):
        """Runs SQL and returns its lines."""
        done = subprocess.run([f"{self.programs}/psql", "-h", self.folder, "-U", "latchkey", "-d", database, "-XqAt", "-c", text],
                              capture_output=True, cwd="/", check=True)
        return done.stdout.decode().splitlines()


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

    def post(self, action, members, signed=False, timeout=20, key=(ROOT_KEY, ROOT_SECRET)):
        """Calls an action as JSON; its status and answer, or None and why there was no answer."""
        body = json.dumps(members).encode()
        headers = {"Content-Type": "application/json", "Host": f"127.0.0.1:{self.port}"}
        if signed:
            headers.update(sign("POST", f"/v1/{action}", headers["Host"], body, *key))
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

    def enroll(self, name):
        """Makes a user with the usual password and a counter-based device; the device's seed."""
        self.call("CreateUser", {"userName": name})
        self.call("CreateLoginProfile", {"userName": name, "password": PASSWORD})
        return self.enroll_device(name)[1]

    def enroll_device(self, name):
        """Gives a user a counter-based device, whose code 0 is spent; its serial number and seed."""
        begun = self.call("BeginEnrollment", {"userName": name, "parameters": {
            "kind": "hotp", "algorithm": "SHA1", "digits": 6, "period": 30}})["enrollment"]
        self.call("ConfirmEnrollment", {"serialNumber": begun["serialNumber"], "code": code(begun["secret"], 0)})
        return begun["serialNumber"], begun["secret"]


def sign(method, path, host, body, key=ROOT_KEY, secret=ROOT_SECRET, token=None, service="latchkey", now=None,
         kind="application/json"):
    """The headers of an AWS Signature Version 4 over content type, host, date and the token of temporary credentials."""
    moment = (now or datetime.datetime.now(datetime.timezone.utc)).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{moment[:8]}/us-east-1/{service}/aws4_request"
    fields = {"content-type": kind, "host": host, "x-amz-date": moment, **({"x-amz-security-token": token} if token else {})}
    canonical = "\n".join([method, path, "", *(f"{name}:{value}" for name, value in fields.items()), "", ";".join(fields),
                           hashlib.sha256(body).hexdigest()])
    text = "\n".join(["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    derived = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        derived = hmac.new(derived, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(derived, text.encode(), hashlib.sha256).hexdigest()
    return {"X-Amz-Date": moment, **({"X-Amz-Security-Token": token} if token else {}),
            "Authorization": f"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={';'.join(fields)}, Signature={signature}"}


def code(seed, counter):
    """The six digits of RFC 4226 for a Base32 seed and a counter or time step."""
    mac = hmac.new(base64.b32decode(seed + "=" * (-len(seed) % 8)), struct.pack(">Q", counter), hashlib.sha1).digest()
    at = mac[-1] & 15
    return f"{(struct.unpack('>I', mac[at:at + 4])[0] & 0x7fffffff) % 1000000:06}"


def step():
    return int(time.time()) // 30
