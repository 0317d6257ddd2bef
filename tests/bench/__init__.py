"""The benchmark: this project against others on one national tree (`make bench`)."""
