"""One plain verdict on an edit from its signs, and what it did to attention beside what was asked; no networks here."""
import dataclasses
import math

from realistic_editing.common.readable import delta_r
from realistic_editing.enhance.options import WEAK

SAFE, SHOWS, LOOKS_EDITED, CANNOT_JUDGE = VERDICTS = ("safe", "visible", "looks edited", "cannot judge")

WEAKER = (1.0, 0.85, 0.7, 0.55, 0.4, 0.3, 0.2)  # of a strength, that are tried where an edit is toned down until it passes
JUDGED_FROM = 0.2  # R of the photo; below it the critic takes the photo itself for edited, and dR can hardly fall
# From which value on a sign makes an edit visible, and from which it makes it look edited. Of dR: below which. They were set by
# sixty edits judged by eye (evaluation/judged_edits.json): 91 % of those that look edited are found, at 16 % false alarms.
THRESHOLDS = {
    "realism_change": (-0.05, -0.1),
    "border_step": (2.0, 2.9),  # CIELAB units a pixel; a clean edit to less attention leaves 0.4, to more 1.7
    "skin_change": (4.0, 8.0),  # CIELAB units of a and b
    "skin_light": (10.0, 12.0),  # CIELAB units of L
    "lifted_blacks": (4.0, 6.0),  # CIELAB units of L; above, dark hair and jackets look as if seen through mist
    "dulled_whites": (20.0, 30.0),  # percent of full brightness; not set by the sixty: by a white cat turned into a grey cutout
    "tinted_greys": (4.0, 8.0),  # CIELAB units of a and b
    "lost_contrast": (20.0, 25.0),  # percent of the region's contrast
}
_WORDS = {
    "realism_change": "the region looks less real, dR {}",
    "border_step": "the border of the mask shows, {:.1f} units a pixel steeper",
    "skin_change": "colours of skin, fur or wood change by {:.1f} units",
    "skin_light": "skin turns {:.0f} units lighter or darker",
    "lifted_blacks": "blacks turn grey, {:.1f} units lighter",
    "dulled_whites": "whites turn grey, {:.0f} % darker",
    "tinted_greys": "greys and whites take on {:.1f} units of colour",
    "lost_contrast": "the region has {:.0f} % less contrast, as in mist",
}


@dataclasses.dataclass(frozen=True)
class Signs:
    """What a verdict goes by; see `enhance.signs` for how each is measured.

    Args:
        realism: R of the photo before the edit, in [0, 1].
        realism_change: dR of eq. 2, in [-1, 1].
        border_step: how much steeper the photo becomes along the mask's border, >= 0, in units of CIELAB a pixel.
        skin_change: how far pixels of the colours of skin move in CIELAB's a and b, >= 0; 0 where there are none.
        skin_light: by how much those pixels of a person become lighter or darker on average, >= 0, in units of CIELAB's L; 0
            of other regions.
        lifted_blacks: by how much the region's near-black pixels brighten, in units of CIELAB's L; 0 where there are none.
        dulled_whites: by how much its near-white pixels darken, in percent of full brightness; 0 where there are none.
        tinted_greys: how much colour its greys and whites take on, >= 0, in units of CIELAB.
        lost_contrast: how much of the contrast between its pixels is lost, in percent; 0 where it grows.
        doubt: what is uncertain of the region itself, such as that a click selected it badly; "" = nothing.
    """

    realism: float
    realism_change: float
    border_step: float = 0.0
    skin_change: float = 0.0
    skin_light: float = 0.0
    lifted_blacks: float = 0.0
    dulled_whites: float = 0.0
    tinted_greys: float = 0.0
    lost_contrast: float = 0.0
    doubt: str = ""


@dataclasses.dataclass(frozen=True)
class Verdict:
    """A verdict with its reasons.

    Args:
        name: one of VERDICTS.
        reasons: in words, what spoke against "safe"; empty where nothing did.
    """

    name: str
    reasons: tuple[str, ...] = ()

    @property
    def is_safe(self) -> bool:
        """Whether a tick may be shown."""
        return self.name == SAFE

    def __str__(self) -> str:
        return ": ".join((self.name, *(["; ".join(self.reasons)] if self.reasons else [])))


def judge(signs: Signs) -> Verdict:
    """The verdict on an edit.

    What an eye sees (border, skin, blacks, whites, contrast) counts whatever R says. Where R of the photo lies below
    JUDGED_FROM, dR counts for nothing, and an edit that nothing else speaks against is not called safe: it cannot be judged.
    Nor can the edit of a region that is in doubt.

    Args:
        signs: of the edit.

    Returns:
        "looks edited" where one sign says so, else "cannot judge" where R is low or the region in doubt,
        else "visible" where one sign says so, else "safe".
    """
    known = signs.realism >= JUDGED_FROM and math.isfinite(signs.realism_change)
    found: dict[str, list[str]] = {SHOWS: [], LOOKS_EDITED: []}
    for name, (visible, edited) in THRESHOLDS.items():
        value, sign = getattr(signs, name), -1 if name == "realism_change" else 1
        if name == "realism_change" and not known:
            continue
        if sign * value > sign * visible:
            words = _WORDS[name].format(delta_r(value) if name == "realism_change" else value)
            found[LOOKS_EDITED if sign * value > sign * edited else SHOWS].append(words)
    reasons = (*found[LOOKS_EDITED], *found[SHOWS])
    if found[LOOKS_EDITED]:
        return Verdict(LOOKS_EDITED, reasons)
    if not known:
        doubt = f"the photo itself scores R {signs.realism:.2f}, so dR says nothing of this edit; look at it yourself"
        return Verdict(CANNOT_JUDGE, (doubt, *reasons))
    if signs.doubt:
        return Verdict(CANNOT_JUDGE, (signs.doubt, *reasons))
    return Verdict(SHOWS, reasons) if reasons else Verdict(SAFE)


def attention_problem(task: str, saliency_change: float) -> str | None:
    """What an edit did to attention, where that is not what the task asked for; None where it is.

    Args:
        task: "attenuate" or "amplify".
        saliency_change: relative, positive = more salient, see `Edit`.
    """
    gain = saliency_change if task == "amplify" else -saliency_change
    if gain >= WEAK:
        return None
    asked, percent = "more" if task == "amplify" else "less", 100 * saliency_change
    if gain < 0:
        change = f"{percent:+.0f}" if abs(percent) >= 0.95 else f"{percent:+.1f}"  # not "-0"
        return f"against the request: the region is to draw {asked} attention, and its saliency changes by {change} %"
    shown = math.trunc(10 * percent) / 10  # 4.98 is not 5
    return f"hardly moves attention: saliency {shown:+.1f} %, less than {100 * WEAK:.0f} %"
