# shellcheck shell=sh
# The way back to the engine's earlier files.

restore_engine() {
    restore_backups || true
    restart_engine
}
