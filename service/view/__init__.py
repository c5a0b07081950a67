"""The views of schema `read` over HTTP: listed, queried, downloaded and followed."""
