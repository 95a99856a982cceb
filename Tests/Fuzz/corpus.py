"""corpus.py FOLDER: writes the files of Vectors/import, one each, for the fuzzer to begin with."""
import json, pathlib, sys

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
for path in sorted((pathlib.Path(__file__).parents[2] / "Vectors/import").glob("*.json")):
    for case in json.loads(path.read_text())["cases"]:
        content = case["text"].encode() if "text" in case else bytes.fromhex(case["bytes"])
        if len(content) < 20000:
            (folder / f"{path.stem}-{case['id']}").write_bytes(content)
