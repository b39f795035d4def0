#!/bin/sh
# Gradient descent with momentum on f(x, y) = (1 - x)^2 + 100 (y - x^2)^2, a hundred steps an epoch, in shell and awk.
#
# What finetooth hands over: the values as arguments, and in the environment FINETOOTH_EPOCHS (the epoch to reach),
# FINETOOTH_CHECKPOINT_DIR (a directory to keep files in) and FINETOOTH_RESUME (not empty: go on from those files).
set -eu

for argument in "$@"; do
    case $argument in
        --learning_rate=*) learning_rate=${argument#*=} ;;
        --momentum=*) momentum=${argument#*=} ;;
        *) echo "unknown argument $argument" >&2; exit 2 ;;
    esac
done

state=${FINETOOTH_CHECKPOINT_DIR:-.}/state
start="0 -1.2 1 0 0"
[ -n "${FINETOOTH_RESUME:-}" ] && start=$(cat "$state")

awk -v rate="$learning_rate" -v momentum="$momentum" -v to="${FINETOOTH_EPOCHS:-27}" -v start="$start" -v state="$state" '
BEGIN {
    split(start, s, " "); epoch = s[1]; x = s[2]; y = s[3]; vx = s[4]; vy = s[5]
    while (epoch < to) {
        for (step = 0; step < 100; step++) {
            gx = -2 * (1 - x) - 400 * x * (y - x * x); gy = 200 * (y - x * x)
            vx = momentum * vx - rate * gx; vy = momentum * vy - rate * gy
            x += vx; y += vy
            if (x > 1e6 || x < -1e6) { epoch++; printf "epoch=%d val_loss=inf\n", epoch; exit }
        }
        epoch++
        printf "epoch=%d val_loss=%.17g\n", epoch, (1 - x) ^ 2 + 100 * (y - x * x) ^ 2
    }
    printf "%d %.17g %.17g %.17g %.17g\n", epoch, x, y, vx, vy > state
}'
