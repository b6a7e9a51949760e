"""XMP packets: what an edit makes false is set right or taken out, and packets too long for a JPEG's segment are split."""
import hashlib
from xml.dom import Node, minidom
from xml.parsers.expat import ExpatError

_TIFF, _EXIF, _XMP = (f"http://ns.adobe.com/{name}/1.0/" for name in ("tiff", "exif", "xap"))
_DECLARED = "http://www.w3.org/2000/xmlns/"  # of the declarations of spaces, by which readers look for a gain map
_NOTE = "http://ns.adobe.com/xmp/note/"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_REGIONS = ("http://www.metadataworkinggroup.com/schemas/regions/", "http://ns.microsoft.com/photo/1.2/")
# Of pictures, depth maps, sound and clips beside the photo's, which a result has not.
_BESIDE = (
    "http://ns.adobe.com/hdr-gain-map/1.0/", "http://ns.apple.com/HDRGainMap/1.0/", "http://ns.apple.com/pixeldatainfo/1.0/",
    "http://ns.google.com/photos/1.0/container/", "http://ns.google.com/photos/1.0/image/",
    "http://ns.google.com/photos/1.0/depthmap/", "http://ns.google.com/photos/1.0/audio/", "http://ns.google.com/photos/dd/1.0/",
    "http://ns.adobe.com/xap/1.0/g/img/",
)  # fmt: skip
_RAW = "http://ns.adobe.com/camera-raw-settings/1.0/"
_PLACED = ("Crop", "HasCrop", "Perspective", "Upright", "Retouch", "RedEye")  # settings of Camera Raw that count from a corner
_CAMERA, _CLIP = "http://ns.google.com/photos/1.0/camera/", ("MotionPhoto", "MicroVideo")
_LARGEST, _MOST_PARTS, _DEEPEST = 1 << 25, 400_000, 100  # bytes, elements with attributes, and levels of a packet
_BREAK = "\ue00a"  # stands for a line break in an attribute, which minidom would write so that it reads as a space


def clean_packet(packet: bytes, size: tuple[int, int], orientation: int = 1) -> tuple[bytes, list[str]]:
    """An XMP packet that is true of the edited photo, upright; the same bytes where it was.

    Args:
        packet: XMP.
        size: (height, width) of the photo upright.
        orientation: by which its pixels are turned in reading, 1 to 8 by EXIF; regions in it then count from another corner.

    Returns:
        The packet, and notes on what was taken out.

    Raises:
        ValueError: when it is no XML.
    """
    document = _parsed(packet)
    height, width = size
    right = {(_TIFF, "Orientation"): 1, (_TIFF, "ImageWidth"): width, (_TIFF, "ImageLength"): height,
             (_EXIF, "PixelXDimension"): width, (_EXIF, "PixelYDimension"): height}  # fmt: skip
    changed, notes = False, {}
    for element in list(document.getElementsByTagName("*")):
        for one in [*_attributes(element), *_children(element)]:
            name, value = (one.namespaceURI, one.localName), str(right.get((one.namespaceURI, one.localName)))
            if name in right and _value(one) != value:
                if name == (_TIFF, "Orientation") and _value(one) != str(orientation):
                    notes["its XMP asks for another orientation than the photo's own, which is followed"] = None
                _set_value(one, value)
                changed = True
            elif name == (_XMP, "Thumbnails") or _is_beside(one):
                _remove(element, one)
                changed = True
            elif orientation != 1 and (lost := _on_stored(one)):
                _remove(element, one)
                changed = True
                notes[f"its XMP {lost} on the photo as stored; not kept, because the photo is turned"] = None
    return (_written(document) if changed else packet), list(notes)


def merged_packets(main: bytes, more: dict[bytes, bytes]) -> bytes:
    """The packet of a JPEG with its extension, where it names one of these by its digest."""
    if not more:
        return main
    try:
        document = _parsed(main)
        holders = [one for one in document.getElementsByTagName("*") if one.hasAttributeNS(_NOTE, "HasExtendedXMP")]
        guid = holders[0].getAttributeNS(_NOTE, "HasExtendedXMP").encode() if holders else next(iter(more))
        target = document.getElementsByTagNameNS(_RDF, "RDF")[0]
        for part in _parsed(more[guid]).getElementsByTagNameNS(_RDF, "RDF")[0].getElementsByTagNameNS(_RDF, "Description"):
            if part.parentNode.localName == "RDF":
                _declare_all(part)
                target.appendChild(document.importNode(part, deep=True))
        for one in holders:
            one.removeAttributeNS(_NOTE, "HasExtendedXMP")
    except (ValueError, IndexError, KeyError):
        return main
    return _written(document)


def split_packet(packet: bytes, most: int) -> tuple[bytes, bytes, bytes]:
    """A packet in two, where it is longer than a JPEG's segment holds.

    Args:
        packet: XMP.
        most: bytes of the first.

    Returns:
        The packet for the segment, the extension, and the digest that joins them; the last two empty where one is enough.
    """
    if len(packet) <= most:
        return packet, b"", b""
    document, extension = _parsed(packet), minidom.Document()
    root = extension.createElementNS(_RDF, "rdf:RDF")
    root.setAttribute("xmlns:rdf", _RDF)
    target = document.getElementsByTagNameNS(_RDF, "RDF")[0]
    pieces = [(len(_text(one)), one) for part in target.childNodes if part.localName == "Description"
              for one in [*_attributes(part), *_children(part)] if one.namespaceURI not in (_RDF, None)
              and not one.nodeName.startswith("xmlns")]  # fmt: skip
    left = len(packet) - most + 1000  # room for the digest
    for length, one in sorted(pieces, key=lambda piece: -piece[0]):
        if left <= 0:
            break
        owner = one.parentNode if one.nodeType == Node.ELEMENT_NODE else one.ownerElement
        holder = owner.cloneNode(deep=False)
        for attribute in _attributes(holder):
            if not attribute.nodeName.startswith(("xmlns", "rdf:")):
                holder.removeAttributeNode(attribute)
        if one.nodeType == Node.ELEMENT_NODE:
            holder.appendChild(one.cloneNode(deep=True))
        else:
            holder.setAttributeNS(one.namespaceURI, one.nodeName, one.value)
        _declare_all(holder, owner)
        root.appendChild(holder)
        _remove(owner, one)
        left -= length
    more = _text(root).encode()
    guid = hashlib.md5(more, usedforsecurity=False).hexdigest().upper().encode()
    first = next(part for part in target.childNodes if part.localName == "Description")
    first.setAttribute("xmlns:xmpNote", _NOTE)
    first.setAttribute("xmpNote:HasExtendedXMP", guid.decode())
    return _written(document), more, guid


def _parsed(packet: bytes) -> minidom.Document:
    packet = packet.strip(b"\0 \r\n\t")
    plain = packet.replace(b"\0", b"")  # of UTF-16
    if b"<!DOCTYPE" in plain or b"<!ENTITY" in plain:
        raise ValueError("it declares entities, which XMP never does")
    if len(packet) > _LARGEST or packet.count(b"<") + packet.count(b"=") > _MOST_PARTS:
        raise ValueError(f"it has {len(packet)} bytes in more parts than are read here")
    try:
        document = minidom.parseString(packet)
    except (ExpatError, UnicodeDecodeError, LookupError) as error:
        raise ValueError(str(error)) from error
    if _is_deep(document):
        raise ValueError(f"its parts lie in one another more than {_DEEPEST} deep")
    return document


def _is_deep(document: minidom.Document) -> bool:
    """Whether it has more levels than what walks through it, level by level, can take."""
    level = [document]
    for _ in range(_DEEPEST):
        level = [child for node in level for child in node.childNodes]
    return bool(level)


def _attributes(element: minidom.Element) -> list[minidom.Attr]:
    return list(element.attributes.values()) if element.attributes else []


def _children(element: minidom.Element) -> list[minidom.Element]:
    return [one for one in element.childNodes if one.nodeType == Node.ELEMENT_NODE]


def _on_stored(one: minidom.Node) -> str | None:
    """What a part of XMP does to places of the stored picture."""
    space, name = one.namespaceURI or "", one.localName or ""
    if space.startswith(_REGIONS) and one.nodeType == Node.ELEMENT_NODE:
        return "marks faces"
    if space == _RAW and (name.startswith(_PLACED) or name.endswith("Corrections")):
        return "holds crops and masks of Camera Raw"
    return None


def _is_beside(one: minidom.Node) -> bool:
    space = one.namespaceURI or ""
    if space == _DECLARED:
        return one.value.startswith(_BESIDE)
    return space.startswith(_BESIDE) or (space == _CAMERA and (one.localName or "").startswith(_CLIP))


def _value(one: minidom.Node) -> str:
    if one.nodeType == Node.ATTRIBUTE_NODE:
        return one.value
    return "".join(child.data for child in one.childNodes if child.nodeType == Node.TEXT_NODE).strip()


def _set_value(one: minidom.Node, value: str) -> None:
    if one.nodeType == Node.ATTRIBUTE_NODE:
        one.value = value
        return
    while one.firstChild:
        one.removeChild(one.firstChild)
    one.appendChild(one.ownerDocument.createTextNode(value))


def _remove(owner: minidom.Element, one: minidom.Node) -> None:
    if one.nodeType == Node.ATTRIBUTE_NODE:
        owner.removeAttributeNode(one)
    else:
        owner.removeChild(one)


def _declare_all(part: minidom.Element, above: minidom.Node | None = None) -> None:
    """Declare on a part the prefixes that were declared above it."""
    above = part.parentNode if above is None else above
    while above is not None and above.nodeType == Node.ELEMENT_NODE:
        for attribute in _attributes(above):
            if attribute.nodeName.startswith("xmlns") and not part.hasAttribute(attribute.nodeName):
                part.setAttribute(attribute.nodeName, attribute.value)
        above = above.parentNode


def _written(document: minidom.Document) -> bytes:
    return "".join(_text(one) for one in document.childNodes).encode()


def _text(node: minidom.Node) -> str:
    if node.nodeType == Node.ATTRIBUTE_NODE:
        return node.value
    for element in node.getElementsByTagName("*") if node.nodeType == Node.ELEMENT_NODE else ():
        for attribute in _attributes(element):
            if "\n" in attribute.value:
                attribute.value = attribute.value.replace("\n", _BREAK)
    return node.toxml().replace(_BREAK, "&#xA;")
