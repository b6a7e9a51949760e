"""Serve the demo page: `realistic-editing page`."""
import importlib.resources
import os
import signal
import threading
from collections.abc import Mapping
from typing import Any

from realistic_editing.apps.page import session as steps
from realistic_editing.apps.page.hosts import LOCAL, OwnHosts
from realistic_editing.apps.page.own_folder import own_folder
from realistic_editing.apps.page.session import Enhancers, Session
from realistic_editing.apps.writing import Writing
from realistic_editing.common.errors import InputError
from realistic_editing.common.tasks import TASKS
from realistic_editing.enhance.enhancer import Enhancer

# Gradio would ask its makers' servers for updates, and send them what is used; the page works without any network.
QUIET = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1"}
LARGEST_UPLOAD = 2**30  # bytes; 150 megapixels of 16 bits have 0.9e9
FONTS = {"font": ("system-ui", "-apple-system", "Segoe UI", "sans-serif"), "font_mono": ("ui-monospace", "monospace")}


def page(options: Mapping[str, Any]) -> None:
    """Serve the page until it is stopped.

    Args:
        options: port; host; allow_host, further names it is reached by, or None; format, quality and strip, as for `Writing`;
            critic, saliency and device, as for an edit.

    Raises:
        InputError: when gradio is not installed, the port is taken, or weights cannot be used.
    """
    os.environ.update(QUIET)
    writing = Writing.read(options)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl+C does, so that nothing stays
    with own_folder() as folder:
        os.environ["GRADIO_TEMP_DIR"] = str(folder)  # what visitors upload goes away with the page
        try:
            import gradio as gr

            from realistic_editing.apps.page.wiring import build
        except ImportError as error:
            raise InputError(f"the page needs gradio ({error}); pip install 'realistic-editing[demo]'") from error
        judges = {name: options[name] for name in ("device", "critic", "saliency")}
        enhancers = {task: Enhancer.from_pretrained(task, **judges) for task in TASKS}
        print("editing the example ...", flush=True)  # which also loads and compiles all that a visitor would wait for
        first, where = edited_example(enhancers), f"{options['host']}:{options['port']}"
        css = importlib.resources.files(__package__).joinpath("page.css").read_text(encoding="utf-8")
        own = () if options["host"] in ("0.0.0.0", "::") else (options["host"],)
        blocks = build(enhancers, first, folder, writing)
        try:
            blocks.launch(
                server_name=options["host"], server_port=options["port"], share=False, ssr_mode=False, quiet=True,
                max_file_size=LARGEST_UPLOAD, prevent_thread_lock=True, footer_links=[], css=css,
                theme=gr.themes.Default(primary_hue="teal", **FONTS),
            )  # fmt: skip
        except OSError as error:
            raise InputError(f"{where} cannot be served ({error}); choose another --port or --host") from error
        app = blocks.app  # from outside of what gradio put in, which sets CORS headers itself
        stack = app.middleware_stack or app.build_middleware_stack()
        app.middleware_stack = OwnHosts(stack, {*LOCAL, *own, *(options.get("allow_host") or ())})
        print(f"open http://{where} and stop it here with Ctrl+C", flush=True)
        threading.Event().wait()


def edited_example(enhancers: Enhancers) -> Session:
    """The bundled photo with both regions edited."""
    session = steps.propose(steps.example(), enhancers)
    session = steps.propose(steps.choose(session, 1, enhancers), enhancers)
    return steps.choose(session, 0, enhancers)
