"""Names of files that strangers chose: which of them are refused, and why."""

import re
import unicodedata
import zipfile

MOST_NAME = 500  # characters
RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)[ .]*(\..*)?")
BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def decoded(info: zipfile.ZipInfo) -> str:
    """Return the name of a zip's entry; many programs write UTF-8 and do not say so."""
    name = info.orig_filename.replace("\\", "/")
    if info.flag_bits & 0x800:
        return name
    try:
        return name.encode("cp437").decode()
    except UnicodeError:
        return name


def folded(name: str) -> str:
    """Return what two names share that some file systems take for one."""
    return unicodedata.normalize("NFC", name.replace("\\", "/")).casefold()


def refusal(name: str) -> str:
    """Return why a name is refused; "" if it is not."""
    parts = name.replace("\\", "/").split("/")
    if len(name) > MOST_NAME:
        return f"expected a name of at most {MOST_NAME} characters, got {len(name)}"
    if any(unicodedata.category(each) in ("Cc", "Cs") or each in BIDI for each in name):
        return "expected a readable name, got one with control characters"
    if not parts[0] or re.match(r"[A-Za-z]:", name):
        return "expected a name within the archive, got an absolute path"
    if ".." in parts:
        return "expected a name within the archive, got one that leads out of it"
    if any(RESERVED.fullmatch(each) for each in parts):
        return "expected a file's name, got one that Windows gives to a device"
    return ""
