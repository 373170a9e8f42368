"""How the service behaves when it is slow, busy, broken or refusing; set by <state>/behavior.json."""
