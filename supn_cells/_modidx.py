d = {"settings": {}, "syms": {}}
