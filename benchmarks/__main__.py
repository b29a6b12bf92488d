"""What `make bench` runs."""

from benchmarks.bench import main

main()
