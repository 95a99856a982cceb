// Dialect.swift: what AWS's dialect is made of.
