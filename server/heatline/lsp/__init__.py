"""The language server: text synchronisation, features and transport; only this package knows the protocol."""
