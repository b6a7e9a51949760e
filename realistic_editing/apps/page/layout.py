"""How the demo page looks: what stands where, in gradio."""
import importlib.resources
from typing import Any

import gradio as gr

from realistic_editing.apps.page import view
from realistic_editing.apps.page.examples import EXAMPLES
from realistic_editing.apps.page.intake import own_files_only
from realistic_editing.apps.page.regions import most_feather
from realistic_editing.apps.page.state import PageRegion, Session

# Name, label, least, most, step: exposure and saturation, white balance, colour curve. Wider where a proposal lies beyond.
SLIDERS = (
    ("exposure", "Exposure, stops", -2, 2, 0.01),
    ("saturation", "Saturation, %", -100, 100, 1),
    ("temperature", "Temperature: cooler – warmer", -100, 100, 1),
    ("tint", "Tint: greener – more magenta", -100, 100, 1),
    ("shadows", "Shadows", -12, 25, 0.1),
    ("midtones", "Midtones", -25, 25, 0.1),
    ("highlights", "Highlights", -25, 12, 0.1),
)
ANSWERS = {"seen": None, "yes": True, "no": False}  # what may be answered, see `regions.set_human`
DOWNLOADS = {"photo": "Photo", "recipe": "Recipe", "lut": "LUT (.cube)", "mask": "Mask"}
_TELL = "const tell = (name, value) => document.dispatchEvent(new CustomEvent(name, {detail: value}));"
_PRESSED = """element.addEventListener('click', (event) => {
  const pressed = event.target.closest('button[data-index]');
  if (pressed) trigger('select', {index: Number(pressed.dataset.index)});
});"""


def place() -> dict[str, Any]:
    """All parts of the page by name."""
    parts = {}
    gr.Markdown(
        "# Guide the eye, keep it real\nMark a region, say whether it should draw more or less attention, and take the edit "
        "that still looks like a photo."
    )
    with gr.Row(elem_id="columns"):
        with gr.Column(scale=5, min_width=340):
            script = _text("stage.js") + _text("suggested.js")
            parts["stage"] = gr.HTML(
                "", elem_id="stage", html_template=_text("stage.html"), js_on_load=script, apply_default_css=False
            )
            parts["detail"] = gr.HTML(
                "", visible="hidden", elem_id="detail", html_template="<i></i>",
                js_on_load=f"{_TELL} watch('value', () => tell('stage-detail', props.value));",
            )  # fmt: skip
            with gr.Column(elem_id="orders_box"):
                words = "Propose shows six of 24 here, as different as they come, before refinement on the photo. Click one."
                gr.HTML(f'<p class="note">{words}</p>')
                parts["proposals"] = gr.HTML("", elem_id="proposals_box", js_on_load=_PRESSED, apply_default_css=False)
        with gr.Column(scale=3, min_width=320):
            _place_controls(parts)
    return parts


def _place_controls(parts: dict[str, Any]) -> None:
    with gr.Column(elem_id="opening"), gr.Row():
        parts["photo_file"] = own_files_only(gr.UploadButton("Open a photo", file_types=["image"], elem_id="photo_file"))
        for name in EXAMPLES:
            parts[f"example_{name}"] = gr.Button(f"Example: {name}", size="sm", min_width=70, elem_id=f"example_{name}")
    with gr.Column(elem_id="main"):
        parts["task"] = gr.Radio(
            [(words, task) for task, words in view.GOALS.items()], value="attenuate", label="The region should draw",
            elem_id="task",
        )  # fmt: skip
        with gr.Row():
            parts["propose"] = gr.Button("Propose", variant="primary", min_width=110, elem_id="propose")
            parts["undo"] = gr.Button("↶ Undo", min_width=70, interactive=False, elem_id="undo")
            parts["redo"] = gr.Button("↷ Redo", min_width=70, interactive=False, elem_id="redo")
    with gr.Column(elem_id="judged"):
        parts["gauges"] = gr.HTML(elem_id="gauges_box")
        parts["tone"] = gr.Button("Tone it down until it looks natural", size="sm", visible=False, elem_id="tone")
    with gr.Accordion("Regions", open=True, elem_id="regions"):
        parts["region"] = gr.Radio([], label="Edited one after another", elem_id="region")
        with gr.Row():
            parts["unmark"] = gr.Button("Clear what is marked", size="sm", min_width=90, elem_id="unmark")
            parts["remove"] = gr.Button("Remove region", size="sm", min_width=90, elem_id="remove")
            parts["mask_file"] = own_files_only(
                gr.UploadButton("Load a mask file", size="sm", min_width=90, file_types=["image"], elem_id="mask_file")
            )
        parts["person"] = gr.Radio(
            [("as it is seen", "seen"), ("yes", "yes"), ("no", "no")], value="seen", interactive=False, elem_id="person",
            label="Is it a person, whose skin keeps its look?",
        )  # fmt: skip
        parts["feather"] = gr.Slider(0, 30, 0, step=1, label="Feather, pixels", buttons=[], elem_id="feather")
        parts["outline"] = gr.Checkbox(False, label="Outline the regions", container=False, elem_id="outline")
        words = "Snap what is painted to the borders in the photo"
        parts["snap"] = gr.Checkbox(False, label=words, container=False, elem_id="snap")
    parts["strength"] = gr.Slider(0, 1.5, 1, step=0.01, label="Overall strength", buttons=[], elem_id="strength")
    with gr.Accordion("Adjust", open=True, elem_id="adjust"):
        for row in (SLIDERS[:2], SLIDERS[2:4], SLIDERS[4:]):
            with gr.Row():
                for name, label, least, most, step in row:
                    parts[name] = gr.Slider(least, most, 0, step=step, label=label, min_width=110, buttons=[], elem_id=name)
        words = "To the right: lighter, more colour, warmer, more magenta. Shadows to highlights in % of the full range."
        gr.HTML(f'<p class="note">{words}</p>')
        parts["reset"] = gr.Button("Back to the proposal", size="sm", elem_id="reset")
    with gr.Accordion("What the edit does, step by step", open=False, elem_id="details"):
        parts["steps"] = gr.HTML()
    with gr.Column(elem_id="downloads"):
        parts["format"] = gr.Radio([], label="Download the photo as", elem_id="format")
        with gr.Row():
            for kind, label in DOWNLOADS.items():
                parts[f"get_{kind}"] = gr.Button(f"↓ {label}", size="sm", min_width=60, elem_id=f"get_{kind}")
                parts[f"file_{kind}"] = gr.DownloadButton(visible="hidden", elem_id=f"file_{kind}")


def tell_outline() -> str:
    """What the browser does when outlines are asked for."""
    return f"(shown) => {{ {_TELL} tell('stage-outline', shown); return []; }}"


def person_update(region: PageRegion | None) -> dict:
    """What was answered on whether a region is a person."""
    told = None if region is None else region.human
    return gr.update(value=next(answer for answer, human in ANSWERS.items() if human is told), interactive=region is not None)


def slider_updates(session: Session) -> list:
    """The sliders at their values, wider where these lie beyond."""
    region = session.region
    ready = region is not None and region.start is not None
    updates = []
    for name, _, least, most, _ in SLIDERS:
        value = getattr(region.dials, name) if ready else 0
        updates.append(gr.update(value=value, minimum=min(least, value), maximum=max(most, value), interactive=ready))
    most, marked = most_feather(session), region is not None
    feather = gr.update(value=region.feather if marked else 0, maximum=most, interactive=marked)
    return [*updates, gr.update(value=round(region.strength, 2) if ready else 1, interactive=ready), feather]


def _text(name: str) -> str:
    return importlib.resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
