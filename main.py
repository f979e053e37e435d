"""Starts Craft Desktop from a checkout: `python main.py`."""

from craft_desktop.__main__ import main

if __name__ == "__main__":
    main()
