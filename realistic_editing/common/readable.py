"""How figures are shown to people."""
# Of dR, in thousandths, on which verdicts depend: a third digit says on which side of one an edit lies.
_LIMITS = {"-0.05": 50, "-0.10": 100}


def percent(share: float) -> str:
    """A relative change in percent, such as "+12 %"; 0 has no sign."""
    text = f"{100 * share:+.0f}"
    return f"{'0' if text in ('+0', '-0') else text} %"


def delta_r(change: float) -> str:
    """A change dR of realism, such as "-0.08"; "-0.099" where two digits would put it on a limit that it keeps to."""
    text = f"{change:+.2f}"
    if text in _LIMITS and -1000 * change < _LIMITS[text]:
        return f"-{min(round(-1000 * change), _LIMITS[text] - 1) / 1000:.3f}"
    return "+0.00" if text == "-0.00" else text
