# A machine to install on: this one, under an overlay that holds what is written. In a mount namespace of its own; $1 is an
# empty folder, $2 the package, $3 the script to run, which may use what is defined here.
set -e
export LC_ALL=C DEBIAN_FRONTEND=noninteractive
machine=$1
mount -t tmpfs none "$machine"
mkdir "$machine/written" "$machine/work" "$machine/root"
mount -t overlay -o "lowerdir=/,upperdir=$machine/written,workdir=$machine/work" none "$machine/root"
mount -t proc none "$machine/root/proc"
mount --rbind /dev "$machine/root/dev"
mount -t tmpfs none "$machine/root/run"
mount -t tmpfs none "$machine/root/tmp"
cp "$2" "$machine/root/tmp/deb"

on() {
    chroot "$machine/root" "$@"
}

# A heading, and what is not as before: kind, mode, owner, group and path. What dpkg and the system keep of their own is
# left out.
show() {
    echo "== $1"
    (cd "$machine/written" && find . -mindepth 1 | sed 's,^\./,,' | sort) | while read -r path; do
        case $path in
        var/lib/dpkg* | var/log/dpkg.log | var/cache/* | etc/.pwd.lock) continue ;;
        # Account files and their copies: what is in them is looked at apart.
        etc/passwd* | etc/group* | etc/shadow* | etc/gshadow* | etc/subuid* | etc/subgid*) continue ;;
        esac
        if [ -d "/$path" ] && [ -d "$machine/root/$path" ]; then continue; fi
        on stat -c '%A %U %G %n' "/$path"
    done
}

eval "$3"
