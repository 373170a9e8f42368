"""The shells that lines can be printed for, by name: read by az's help, which needs no more of them."""

NAMES = ("bash", "zsh", "fish", "powershell", "cmd")
