// Empty: the precompiled header is built with it.
