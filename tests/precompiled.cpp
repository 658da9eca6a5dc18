// Empty: it is what the precompiled header is made for.
