"""`python -m arcctl`."""

from arcctl.app import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
