#!/usr/bin/env python3
# images.py: damaged files of a store given to the command: it neither dies by a signal nor signs anybody in who should not be,
# and `latchkey doctor` finds what SQLite's own dump shows to be another content.
import json
import os
import sqlite3

from campaign import Campaign, PASSWORD, code, step

campaign = Campaign("images", images=300)
PAGE = 4096


def damage(whole, random):
    """A damaged copy, and how it was damaged."""
    image = bytearray(whole)
    pages = len(image) // PAGE
    kind = random.choice(["byte", "bytes", "head", "page", "swap", "cut", "zero", "old"])
    if kind == "byte":
        image[random.randrange(len(image))] ^= random.randrange(1, 256)
    elif kind == "bytes":
        at = random.randrange(len(image) - 64)
        image[at:at + 64] = random.randbytes(64)
    elif kind == "head":
        image[random.randrange(pages) * PAGE + random.randrange(24)] = random.randrange(256)
    elif kind == "page":
        at = random.randrange(pages) * PAGE
        image[at:at + PAGE] = random.randbytes(PAGE)
    elif kind == "swap":
        one, other = (random.randrange(1, pages) * PAGE for _ in range(2))
        image[one:one + PAGE], image[other:other + PAGE] = image[other:other + PAGE], image[one:one + PAGE]
    elif kind == "cut":
        del image[random.randrange(1, len(image)):]
    elif kind == "zero":
        at = random.randrange(pages) * PAGE
        image[at:at + PAGE] = bytes(PAGE)
    else:  # One page as it was before the last sign-in: a torn write.
        return None, kind
    return bytes(image), kind


def content(path):
    """All that SQLite reads in a file, or None where it cannot."""
    try:
        database = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
        try:
            return "\n".join(database.iterdump())
        finally:
            database.close()
    except (sqlite3.Error, UnicodeDecodeError, ValueError, MemoryError, OverflowError):
        return None


def signed_in(said):
    """Whether an answer holds a session."""
    try:
        return bool(json.loads(said.splitlines()[0]).get("session"))
    except (ValueError, IndexError, AttributeError):
        return False


def body(campaign):
    random = campaign.random
    campaign.must("init", "--account", "123456789012")
    seeds = {}
    for name in ("ann", "bob"):
        campaign.must("user", "create", name, "--password-stdin", stdin=PASSWORD)
        campaign.must("enroll", name)
        shown = campaign.must("device", "qr", f"{name}/phone-1", "--json")
        seeds[name] = json.loads(shown)["secret"]
        campaign.must("confirm", f"{name}/phone-1", code(seeds[name], step() - 1))
    store = f"{campaign.folder}/store.sqlite"
    before = open(store, "rb").read()
    now = step()
    spent = code(seeds["ann"], now)
    campaign.must("login", "ann", "--password-stdin", "--code", spent, stdin=PASSWORD)
    whole = open(store, "rb").read()
    campaign.expect(not os.path.exists(store + "-wal"), "the store's log is still there: its file is not whole")
    original = content(store)
    named, alike, unseen = 0, 0, []
    for number in range(campaign.given.images):
        image, kind = damage(whole, random)
        if image is None:
            at = random.randrange(min(len(before), len(whole)) // PAGE) * PAGE
            image = whole[:at] + before[at:at + PAGE] + whole[at + PAGE:]
        path = f"{campaign.folder}/image-{number}.sqlite"
        with open(path, "wb") as file:
            file.write(image)
        os.chmod(path, 0o600)
        there = content(path)

        def run(*words, stdin=""):
            status, output, errors = campaign.latchkey(*words, "--store", f"sqlite:{path}", stdin=stdin)
            campaign.expect(status in (0, 1, 3), f"image {number} ({kind}): {words[0]} ended with {status}: {errors[-300:]}")
            campaign.expect("Fatal error" not in errors, f"image {number} ({kind}): {words[0]}: {errors[-300:]}")
            return status, output

        status, said = run("doctor")
        if status == 0:
            if there == original:
                alike += 1
            else:
                unseen.append(kind)
        else:
            named += 1
        # The code is spent, the password is another one, the device is there: nobody may come in.
        while step() > now + 1:
            now = step()
        for words, typed in ((("login", "ann", "--password-stdin", "--code", spent), PASSWORD),
                             (("login", "bob", "--password-stdin", "--code", "000000"), PASSWORD),
                             (("login", "bob", "--password-stdin", "--code", code(seeds["bob"], step())), "another one"),
                             (("login", "bob", "--password-stdin"), PASSWORD)):
            status, said = run(*words, "--json", stdin=typed)
            campaign.expect(not signed_in(said), f"image {number} ({kind}): {words[1]} was signed in: {said[:300]}")
        for left in ("", "-wal", "-shm"):
            if not campaign.faults and os.path.exists(path + left):
                os.unlink(path + left)
    return f"{campaign.given.images} images, {named} named, {alike} with the same content, {len(unseen)} unseen {sorted(set(unseen))}"


campaign.run(body)
