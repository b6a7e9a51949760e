"""How an extra of this project is installed: said in one place, because it changes on the day of a release."""


def how_to_install(extra: str) -> str:
    """The command that brings an extra of pyproject.toml, to be run in the folder of the project."""
    return f"pip install -e '.[{extra}]' in the project's folder"
