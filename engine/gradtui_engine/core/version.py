"""The version: what is computed belongs to it, and the results that another version has kept are not this one's."""

VERSION = "0.1.0"
