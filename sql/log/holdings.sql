-- Every table in which something could be left of a person, with its size in pages; see ops.holdings.
SELECT schema, "table", pages, readable FROM ops.holdings()
