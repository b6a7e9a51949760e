"""A local correction as an XMP sidecar, in the terms of Adobe's Camera Raw settings."""
import math
import uuid
from pathlib import Path
from xml.etree import ElementTree

from realistic_editing.common.errors import InputError
from realistic_editing.common.files import replacing
from realistic_editing.data.ellipse import Ellipse, as_stored
from realistic_editing.ops.sliders import POINTS, Sliders

CRS = "http://ns.adobe.com/camera-raw-settings/1.0/"
TIFF = "http://ns.adobe.com/tiff/1.0/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
META = "adobe:ns:meta/"
_STOPS = 4  # the file holds local exposure as a share of the slider's reach; other sliders as a share of 100 points
_ZERO = (
    "LocalContrast2012", "LocalHighlights2012", "LocalShadows2012", "LocalWhites2012", "LocalBlacks2012",
    "LocalClarity2012", "LocalDehaze", "LocalTexture", "LocalHue", "LocalSharpness", "LocalLuminanceNoise",
    "LocalMoire", "LocalDefringe", "LocalToningHue", "LocalToningSaturation",
)  # fmt: skip


def write_xmp(
    path: str | Path, sliders: Sliders, ellipse: Ellipse, size: tuple[int, int], name: str, orientation: int = 1
) -> None:
    """Write one correction under one radial mask; the file appears whole or not at all.

    Camera Raw counts places on the picture as it is stored, before it is turned, and turns it by the orientation that the
    sidecar names.

    Args:
        path: ending in .xmp.
        sliders: of the correction.
        ellipse: of the mask, in pixels of the photo upright.
        size: height and width of the photo upright.
        name: of the correction, as the program lists it.
        orientation: by which the photo's file is turned, 1 to 8 by EXIF.

    Raises:
        InputError: when the path cannot be used.
    """
    if Path(path).suffix.lower() != ".xmp":
        raise InputError(f"{path}: a sidecar is read by its suffix; end the name in .xmp")
    for prefix, space in (("x", META), ("rdf", RDF), ("crs", CRS), ("tiff", TIFF)):
        ElementTree.register_namespace(prefix, space)
    root = ElementTree.Element(f"{{{META}}}xmpmeta")
    about = ElementTree.SubElement(ElementTree.SubElement(root, f"{{{RDF}}}RDF"), f"{{{RDF}}}Description")
    about.set(f"{{{RDF}}}about", "")
    if orientation != 1:
        about.set(f"{{{TIFF}}}Orientation", str(orientation))
    ellipse, size = as_stored(ellipse, size, orientation)
    _set(about, Version="15.3", ProcessVersion="11.0", HasSettings="True")
    correction = ElementTree.SubElement(_item(about, "MaskGroupBasedCorrections"), f"{{{RDF}}}Description")
    _set(correction, What="Correction", CorrectionAmount="1", CorrectionActive="true", CorrectionName=name)
    _set(correction, CorrectionSyncID=_identity(path, "correction"))
    _set(correction, **dict.fromkeys(_ZERO, "0"))
    _set(correction, LocalExposure2012=_number(sliders.exposure / _STOPS), LocalSaturation=_number(sliders.saturation / 100))
    _set(correction, LocalTemperature=_number(sliders.temperature / 100), LocalTint=_number(sliders.tint / 100))
    _set(correction, LocalCurveRefineSaturation="100")
    if sliders.curves is not None:
        for channel, levels in zip(("Red", "Green", "Blue"), sliders.curves, strict=True):
            points = _sequence(correction, f"{channel}Curve")
            for index, level in enumerate(levels):
                at = round(255 * index / (POINTS - 1))
                ElementTree.SubElement(points, f"{{{RDF}}}li").text = f"{at},{round(level)}"
    mask = _item(correction, "CorrectionMasks")
    _set(mask, What="Mask/CircularGradient", MaskActive="true", MaskName=f"{name}: ellipse", MaskBlendMode="0")
    # In files of this version, Flipped "true" with MaskInverted "false" edits the inside.
    _set(mask, MaskInverted="false", MaskValue="1", MaskSyncID=_identity(path, "mask"), **_box(ellipse, size))
    _set(mask, Midpoint="50", Roundness="0", Feather=str(round(ellipse.feather)), Flipped="true", Version="2")
    ElementTree.indent(root, " ")
    begin, end = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>', '<?xpacket end="w"?>'
    with replacing(path) as temporary:
        temporary.write_text(f"{begin}\n{ElementTree.tostring(root, encoding='unicode')}\n{end}\n", encoding="utf-8")


def _box(ellipse: Ellipse, size: tuple[int, int]) -> dict[str, str]:
    """Two opposite corners of the box around the ellipse, turned with it about its centre, as shares of the photo."""
    turn = math.radians(ellipse.angle)
    right = ellipse.across * math.cos(turn) - ellipse.along * math.sin(turn)
    down = ellipse.across * math.sin(turn) + ellipse.along * math.cos(turn)
    height, width = size
    return {
        "Top": _number((ellipse.y - down) / height),
        "Left": _number((ellipse.x - right) / width),
        "Bottom": _number((ellipse.y + down) / height),
        "Right": _number((ellipse.x + right) / width),
        "Angle": _number(ellipse.angle),
    }


def _item(parent: ElementTree.Element, name: str) -> ElementTree.Element:
    return ElementTree.SubElement(_sequence(parent, name), f"{{{RDF}}}li")


def _sequence(parent: ElementTree.Element, name: str) -> ElementTree.Element:
    return ElementTree.SubElement(ElementTree.SubElement(parent, f"{{{CRS}}}{name}"), f"{{{RDF}}}Seq")


def _set(element: ElementTree.Element, **values: str) -> None:
    for name, value in values.items():
        element.set(f"{{{CRS}}}{name}", value)


def _number(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".") if round(value, 6) else "0"


def _identity(path: str | Path, part: str) -> str:
    """32 hexadecimal digits, the same for a file's name on every run."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{Path(path).name}/{part}").hex.upper()
