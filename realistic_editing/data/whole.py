"""Whether an image file is whole, told by its bytes alone: OpenCV fills what a file cut short lacks, and says nothing."""

_PNG = b"\x89PNG\r\n\x1a\n"


def is_whole(data: bytes) -> bool:
    """Whether an image file reaches its own end; what follows that end, as some cameras append, does not matter.

    Args:
        data: of the file. JPEG, PNG, WebP and BMP are looked into; all else is taken to be whole.
    """
    if data[:2] == b"\xff\xd8":
        return _jpeg_ends(data)
    if data[:8] == _PNG:
        return _png_ends(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return 8 + int.from_bytes(data[4:8], "little") <= len(data)
    if data[:2] == b"BM":
        return int.from_bytes(data[2:6], "little") <= len(data)
    return True


def _jpeg_ends(data: bytes) -> bool:
    """Whether the end marker follows the first scan; before it, the one of a thumbnail may stand."""
    place = data.find(b"\xff", 2)
    while 0 <= place and place + 4 <= len(data):
        marker = data[place + 1]
        if marker == 0xDA:  # a scan, whose pixels never hold the end marker
            return data.find(b"\xff\xd9", place) >= 0
        # A byte of 255 more only fills up.
        place += 1 if marker == 0xFF else 2 + int.from_bytes(data[place + 2 : place + 4], "big")
        place = data.find(b"\xff", place)
    return False


def _png_ends(data: bytes) -> bool:
    place = len(_PNG)
    while place + 12 <= len(data):
        if data[place + 4 : place + 8] == b"IEND":
            return True
        place += 12 + int.from_bytes(data[place : place + 4], "big")
    return False
