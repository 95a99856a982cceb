// Server.swift: the authority on the wire.
