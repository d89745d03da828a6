"""The demonstration of `make run DEMO=1`: a business with people, sites and three weeks of talk, made by the real client library."""
