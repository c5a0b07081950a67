"""The entry point of every command: ``python run.py --help``."""

from service.cli import app

if __name__ == "__main__":
    app(prog_name="run.py")
