#!/bin/sh
# What the CustomScript handler does in the guest: a download folder, files from URIs, the command or the script in it.
#   HANDLER_COMMAND     the command to execute, or empty
#   HANDLER_SCRIPT      base64 of the script, or empty
#   HANDLER_FILES       URIs, one a line
#   LOCALAZURE_ROOT     private folder that stands for / (fake machines)
set -u
folder=${LOCALAZURE_ROOT:-}/var/lib/waagent/custom-script/download/0
rm -rf "$folder"
(umask 077 && mkdir -p "$folder") && cd "$folder" || exit 1
printf '%s\n' "$HANDLER_FILES" | while read -r uri; do
    [ -n "$uri" ] || continue
    name=${uri%%\?*}
    curl -fsSL --retry 3 --max-time 600 -o "${name##*/}" "$uri" || exit 41
done
if [ "$?" -eq 41 ]; then echo 'processing file downloads failed: failed to download file' >&2; exit 41; fi
command=$HANDLER_COMMAND
if [ -n "$HANDLER_SCRIPT" ]; then
    (umask 077 && printf %s "$HANDLER_SCRIPT" | base64 -d >script.sh && chmod 500 script.sh)
    command=$folder/script.sh
fi
unset HANDLER_COMMAND HANDLER_SCRIPT HANDLER_FILES
/bin/sh -c "$command" >stdout 2>stderr </dev/null
status=$?
cat stdout
cat stderr >&2
exit "$status"
