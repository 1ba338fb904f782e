#!/bin/sh
# The first process of the emulated machine. What it and the tests say goes to the second serial
# line; the first is the kernel's.
export PATH=/bin:/sbin TMPDIR=/tmp HOME=/tmp
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
exec </dev/null >/dev/ttyS1 2>&1
for module in $(cat /modules/order); do
    insmod "/modules/$module" || echo "cannot load the module $module"
done
ip link set lo up
. /tests
echo "$MARKER $failed"
# Closing the line waits until all is said.
exec >/dev/null 2>&1
reboot -f
