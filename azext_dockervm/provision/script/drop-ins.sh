# shellcheck shell=sh disable=SC2154  # set in other parts
# The drop-ins of docker.service.

# Paths by file name, whatever the folder; of two of one name the one in /etc comes last and counts.
drop_ins() {
    order=0
    for folder in lib usr/lib run etc; do
        order=$((order + 1))
        for file in "$root/$folder/systemd/system/docker.service.d"/*.conf; do
            [ ! -e "$file" ] || echo "${file##*/} $order $file"
        done
    done | sort -k 1,1 -k 2,2n | cut -d ' ' -f 3
}
