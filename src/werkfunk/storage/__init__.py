"""The Store: everything durable but blobs. It never decides who may do what."""
