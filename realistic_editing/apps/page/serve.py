"""Serve the demo page: `realistic-editing page`."""
import importlib.resources
import os
import threading
from collections.abc import Callable, Mapping
from typing import Any

from realistic_editing.apps.hosts import OwnHosts, names_of
from realistic_editing.apps.page import session as steps
from realistic_editing.apps.page.bodies import LARGEST_UPLOAD, SmallBodies
from realistic_editing.apps.page.examples import example
from realistic_editing.apps.page.own_folder import own_folder
from realistic_editing.apps.page.session import Enhancers
from realistic_editing.apps.page.state import Session
from realistic_editing.apps.page.visitors import MAX_MEMORY, Visitors, check_max_memory
from realistic_editing.apps.serving import listening, serve, stop_as_by_ctrl_c
from realistic_editing.apps.writing import Writing
from realistic_editing.common.errors import InputError
from realistic_editing.common.extras import how_to_install
from realistic_editing.common.tasks import TASKS
from realistic_editing.enhance.enhancer import Enhancer

# Gradio would ask its makers' servers for updates, and send them what is used; the page works without any network.
QUIET = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1"}
FONTS = {"font": ("system-ui", "-apple-system", "Segoe UI", "sans-serif"), "font_mono": ("ui-monospace", "monospace")}
SESSIONS = 500  # of which gradio itself keeps what it knows; photos are counted apart
SWEEP = 60  # seconds between two searches for idle sessions


def page(options: Mapping[str, Any]) -> None:
    """Serve the page until it is stopped.

    Args:
        options: port; host; allow_host, further names it is reached by, or None; max_memory, GB of all visitors' photos;
            format, quality and strip, as for `Writing`; critic, saliency and device, as for an edit.

    Raises:
        InputError: when gradio is not installed, the port is taken, or weights cannot be used.
    """
    os.environ.update(QUIET)
    stop_as_by_ctrl_c()
    writing, visitors = Writing.read(options), Visitors(check_max_memory(options.get("max_memory", MAX_MEMORY)) * 1e9)
    with listening(options["host"], options["port"]) as listener, own_folder() as folder:
        os.environ["GRADIO_TEMP_DIR"] = str(folder)  # what visitors upload goes away with the page
        try:
            from realistic_editing.apps.page.wiring import build
        except ImportError as error:
            raise InputError(f"the page needs gradio ({error}); {how_to_install('demo')}") from error
        judges = {name: options[name] for name in ("device", "critic", "saliency")}
        enhancers = {task: Enhancer.from_pretrained(task, **judges) for task in TASKS}
        print("editing the example ...", flush=True)  # which also loads and compiles all that a visitor would wait for
        blocks = build(enhancers, edited_example(enhancers), folder, writing, visitors)
        host, port = options["host"], listener.getsockname()[1]
        app, end_streams = guarded(blocks, names_of(host, options.get("allow_host")))
        threading.Thread(target=_sweep, args=(visitors,), daemon=True).start()
        print(f"open http://{f'[{host}]' if ':' in host else host}:{port} and stop it here with Ctrl+C", flush=True)
        serve(app, listener, end_streams)


def guarded(blocks: Any, hosts: set[str]) -> tuple[OwnHosts, Callable[[], None]]:
    """The page as an ASGI app that answers its own hosts alone, from the first request on.

    Args:
        blocks: of gradio.
        hosts: see `OwnHosts`.

    Returns:
        The app, and what ends the connections that browsers keep open.
    """
    import fastapi
    import gradio as gr

    blocks.state_session_capacity = SESSIONS
    blocks.has_launched = True  # only then does gradio refuse paths of files that were not uploaded
    css = importlib.resources.files(__package__).joinpath("page.css").read_text(encoding="utf-8")
    # Pages of documentation load scripts from elsewhere, and a redirect to another slash would echo the Host.
    outer = fastapi.FastAPI(redirect_slashes=False, docs_url=None, redoc_url=None, openapi_url=None)
    app = gr.mount_gradio_app(
        outer, blocks, "/", ssr_mode=False, max_file_size=LARGEST_UPLOAD, footer_links=[], run_history=False, css=css,
        theme=gr.themes.Default(primary_hue="teal", **FONTS), app_kwargs={"redirect_slashes": False}, show_error=False,
    )  # fmt: skip
    inner = next(route.app for route in app.routes if hasattr(getattr(route, "app", None), "stop_event"))
    # From outside of what gradio puts in, which sets CORS headers itself.
    return OwnHosts(SmallBodies(app), hosts), inner.stop_event.set


def _sweep(visitors: Visitors) -> None:
    while True:
        threading.Event().wait(SWEEP)
        visitors.sweep()


def edited_example(enhancers: Enhancers) -> Session:
    """The first bundled photo with its edit, as strong as it may be."""
    return steps.tone_down(steps.propose(example(), enhancers), enhancers)
