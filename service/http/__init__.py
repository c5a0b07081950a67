"""How HTTP reaches the service: problems, tokens, routes, pages, streams, documents."""
