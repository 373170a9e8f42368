# shellcheck shell=sh
# The door's program. A here-document that is named like a file of this folder holds it, when the parts are joined.

print_door_program() {
    cat <<'door.py'
door.py
}
