#!/usr/bin/env bash
# Prints README's first program in a language: what the tests run is what README shows.   readme.sh SOURCE LANGUAGE
awk -v l="$2" '$0 == "```" l {on = 1; next} /^```$/ {if (on) exit} on {print; n++} END {exit !n}' "$1/README.md"
