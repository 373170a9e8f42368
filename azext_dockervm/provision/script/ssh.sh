# shellcheck shell=sh disable=SC2034  # read in other parts
# The action ssh: the port of sshd alone.

action=ssh

read_action_input() { read_ssh_port; }

perform_action() { set_ssh_port; }
