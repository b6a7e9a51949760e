"""python -m realistic_editing is the command realistic-editing."""
from realistic_editing.apps.cli import main

if __name__ == "__main__":
    main()
