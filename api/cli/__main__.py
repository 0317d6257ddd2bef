"""`python -m api.cli` is `sangkien`."""

from api.cli import main

main()
