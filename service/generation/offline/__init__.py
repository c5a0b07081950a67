"""The generator without network, key or model: it sets in order what the sources say."""
