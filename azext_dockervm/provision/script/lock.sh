# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# The lock: custom data and a run command may run this script at the same time. The second waits, and finds Docker
# installed.

before_lock=true        # what the action does before: a function

acquire_lock() {
    make_private_folder "$run_dir"
    # Tried first: a redirection of `exec` that fails ends the shell.
    error=$( (exec 9>"$run_dir/lock") 2>&1) || fail_to_write "$run_dir/lock"
    exec 9>"$run_dir/lock"
    if command -v flock >/dev/null && ! flock -n 9; then
        log 'waiting for another run of this script'
        retry_for "$(seconds_left)" flock -n 9 ||
            fail busy "another run of this script has not ended within $timeout seconds"
    fi
    # Left by runs that were killed; with the lock held nobody else uses it.
    rm -rf "$run_dir"/work.*
    remove_temporary_files
    replace_file with_output "$work/log" 600 :
}
