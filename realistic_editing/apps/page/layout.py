"""How the demo page looks: what stands where, in gradio."""
from typing import Any

import gradio as gr

from realistic_editing.apps.page import view
from realistic_editing.apps.page.intake import bounded, own_files_only

# Name, label, least, most, step: exposure and saturation, white balance, colour curve. Wider where a proposal lies beyond.
SLIDERS = (
    ("exposure", "Exposure, stops", -2, 2, 0.01),
    ("saturation", "Saturation, %", -100, 100, 1),
    ("red", "WB red, %", -50, 100, 0.1),
    ("blue", "WB blue, %", -50, 100, 0.1),
    ("shadows", "Shadows, %", -12, 25, 0.1),
    ("midtones", "Midtones, %", -25, 25, 0.1),
    ("highlights", "Highlights, %", -25, 12, 0.1),
)
DOWNLOADS = {"photo": "Photo", "recipe": "Recipe", "lut": "LUT (.cube)", "mask": "Mask"}
HANDLE = 5  # per cent of the photo's width: at first nearly all of it is after
BRUSH = "rgba(255, 60, 90, 0.55)"


def place() -> dict[str, Any]:
    """All parts of the page by name."""
    parts = {}
    gr.Markdown(
        "# Guide the eye, keep it real\nMark a region, say whether it should draw more or less attention, and take the edit "
        "that still looks like a photo."
    )
    with gr.Row(elem_id="columns"):
        with gr.Column(scale=5, min_width=340):
            with gr.Tabs(selected="compare") as parts["tabs"]:
                with gr.Tab("Before and after", id="compare"):
                    parts["compare"] = gr.ImageSlider(
                        label="Before | after", interactive=False, format="png", elem_id="compare", buttons=["fullscreen"],
                        max_height=640, slider_position=HANDLE,
                    )  # fmt: skip
                    parts["outline"] = gr.Checkbox(False, label="Outline the regions", container=False)
                with gr.Tab("Mark a region", id="mark"):
                    _place_marking(parts)
            with gr.Row(elem_id="orders-head"):
                parts["sort"] = gr.Radio(
                    [("most realistic first", "realism"), ("greatest effect first", "effect")], value="realism",
                    label="The network's 24 orders, with dR and the change of attention; click one to take it", elem_id="sort",
                )  # fmt: skip
            parts["orders"] = gr.Gallery(
                show_label=False, columns=6, height="auto", allow_preview=False, object_fit="cover", elem_id="orders",
                format="png", buttons=[], interactive=False,
            )  # fmt: skip
            parts["shown"] = gr.State([])
        with gr.Column(scale=3, min_width=320):
            _place_controls(parts)
    return parts


def _place_marking(parts: dict[str, Any]) -> None:
    parts["editor"] = own_files_only(bounded(gr.ImageEditor(
        label="Paint over the region", sources=(), transforms=(), layers=False, type="numpy", format="png", elem_id="editor",
        brush=gr.Brush(default_size=24, colors=[BRUSH], default_color=BRUSH, color_mode="fixed"), buttons=[], height=560,
    )))  # fmt: skip
    parts["new_task"] = gr.Radio([(words, task) for task, words in view.GOALS.items()], value="attenuate",
                                 label="This region should draw", elem_id="new_task")  # fmt: skip
    parts["snap"] = gr.Checkbox(False, label="Snap the border to what is in the photo (some seconds)", container=False)
    with gr.Row():
        parts["add"] = gr.Button("Add the painted region", variant="primary", elem_id="add")
        parts["mask_file"] = own_files_only(gr.UploadButton("Load a mask file", file_types=["image"], elem_id="mask_file"))


def _place_controls(parts: dict[str, Any]) -> None:
    with gr.Row():
        parts["photo_file"] = own_files_only(gr.UploadButton("Open a photo", file_types=["image"], elem_id="photo_file"))
        parts["example"] = gr.Button("Example", elem_id="example")
    parts["region"] = gr.Radio([], label="Regions, edited one after another", elem_id="region")
    parts["task"] = gr.Radio([(words, task) for task, words in view.GOALS.items()], label="Should draw", elem_id="task")
    with gr.Row():
        parts["propose"] = gr.Button("Propose", variant="primary", elem_id="propose")
        parts["remove"] = gr.Button("Remove region", elem_id="remove")
    parts["gauges"] = gr.HTML(elem_id="gauges_box")
    parts["strength"] = gr.Slider(0, 1.5, 1, step=0.01, label="Overall strength", buttons=[], elem_id="strength")
    with gr.Accordion("Adjust", open=True):
        for row in (SLIDERS[:2], SLIDERS[2:4], SLIDERS[4:]):
            with gr.Row():
                for name, label, least, most, step in row:
                    parts[name] = gr.Slider(least, most, 0, step=step, label=label, min_width=110, buttons=[], elem_id=name)
        words = "WB: white balance, against green. Shadows to highlights: the colour curve, in % of the full range."
        gr.HTML(f'<p class="note">{words}</p>')
        parts["reset"] = gr.Button("Back to the proposal", size="sm", elem_id="reset")
    parts["steps"] = gr.HTML()
    with gr.Row(elem_id="downloads"):
        for kind, label in DOWNLOADS.items():
            parts[f"get_{kind}"] = gr.Button(f"↓ {label}", size="sm", min_width=60, elem_id=f"get_{kind}")
            parts[f"file_{kind}"] = gr.DownloadButton(visible="hidden", elem_id=f"file_{kind}")
