"""The sound of a clip, of which frames are all that is edited, copied from the input by ffmpeg where that is installed."""
import os
import shlex
import shutil
import subprocess
from pathlib import Path


def sound_command(program: str, silent: Path, source: Path, result: Path) -> list[str]:
    """The command that joins the picture of one file and the sound of another, both as they are, without encoding again.

    Args:
        program: ffmpeg.
        silent: gives the picture.
        source: gives the sound; it may have none.
        result: the file to write; its suffix chooses the format.
    """
    chosen = ["-map", "0:v:0", "-map", "1:a?", "-c", "copy"]  # "?": a clip without sound is none of ffmpeg's errors
    return [program, "-nostdin", "-v", "error", "-y", "-i", _file(silent), "-i", _file(source), *chosen, _file(result)]


def _file(path: Path) -> str:
    """A path that ffmpeg takes for no protocol, whatever colons it holds, and for no option."""
    return str(path) if ":" not in str(path) and not str(path).startswith("-") else f"file:{path}"


def add_sound(silent: Path, source: Path) -> str | None:
    """Give a video file the sound of another.

    Args:
        silent: the video; replaced by one with sound, or left as it is.
        source: the clip that it was made from.

    Returns:
        None when done, or why not, with the remedy, as a sentence for the user.
    """
    program = shutil.which("ffmpeg")
    if program is None:
        later = shlex.join(sound_command("ffmpeg", silent, source, silent.with_stem(f"{silent.stem}_sound")))
        return f"ffmpeg is not installed, so sound is lost, if {source} has any; to add it: {later}"
    joined = silent.with_stem(f".{silent.stem}.sound")
    try:
        done = subprocess.run(sound_command(program, silent, source, joined), capture_output=True, text=True, check=False)
        if done.returncode == 0 and joined.is_file():
            os.replace(joined, silent)
            return None
    finally:
        joined.unlink(missing_ok=True)
    said = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    return f"ffmpeg could not copy the sound of {source} into {silent} ({said}); try an output that ends in .mkv or .mov"
