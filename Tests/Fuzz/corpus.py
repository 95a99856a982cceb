"""corpus.py FOLDER: writes cases of the vectors, one file each, for the fuzzer to begin with: a folder for each target."""
import json, pathlib, sys

folder = pathlib.Path(sys.argv[1])
vectors = pathlib.Path(__file__).parents[2] / "Vectors"


def cases(pattern):
    for path in sorted(vectors.glob(pattern)):
        for case in json.loads(path.read_text())["cases"]:
            yield f"{path.stem}-{case['id']}", case


def write(target, name, content):
    if isinstance(content, str):
        content = content.encode()
    place = folder / target
    place.mkdir(parents=True, exist_ok=True)
    if len(content) < 20000:
        (place / name).write_bytes(content)


for name, case in cases("import/*.json"):
    write("tokens", name, case["text"] if "text" in case else bytes.fromhex(case["bytes"]))
for name, case in cases("otp/key-uris.json"):
    write("texts", name, "u" + case["uri"])
for name, case in cases("otp/ocra*.json"):
    write("texts", name, "o" + case["suite"])
for name, case in cases("otp/times.json"):
    write("texts", name, "t" + case["text"])
for name, case in cases("otp/recovery-codes.json"):
    write("texts", name, "r" + case.get("typed", ""))
for name, case in cases("text/*.json"):
    if "text" in case:
        write("texts", name, ("2" if "32" in case.get("encoding", name) else "6") + case["text"])
kinds = ["identity", "boundary", "session", "resource", "trust", "serviceControl", "resourceControl"]
for name, case in cases("policy/documents.json"):
    if "text" in case:
        write("policies", name, str(kinds.index(case["policyKind"])) + case["text"])
for name, case in cases("policy/*.json"):
    if "principal" in case:
        write("policies", name, "c" + json.dumps({key: case[key] for key in case if key not in ("id", "expect", "note")}))
        write("texts", name, "j" + json.dumps(case))
for name, case in cases("sigv4/*.json"):
    head, _, body = case["request"].partition("\n\n")
    write("requests", name, head.replace("\n", "\r\n") + f"\r\nContent-Length: {len(body.encode())}\r\n\r\n" + body)
for name, case in cases("jwt/*.json"):
    write("identity", name, case["token"] + "\n" + case.get("keys", "{}"))
