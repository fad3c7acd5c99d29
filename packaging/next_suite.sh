#!/usr/bin/env bash
# next_suite.sh FOLDER PACKAGE=VERSION...   unpacks packages of the Debian suite after this machine's into FOLDER: from the registry
# that this machine's apt uses, installed nowhere. For what Debian 12 has not, or too old.
set -euo pipefail
folder=$1
shift
mkdir -p "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -1)
mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial"
echo "deb $uri trixie main" >"$work/sources.list"
apt=(apt-get -qq -o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=/dev/null -o "Dir::State::Lists=$work/state/lists"
  -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root)
"${apt[@]}" update >&2
(cd "$work" && "${apt[@]}" download "$@" >&2)
for package in "$work"/*.deb; do dpkg -x "$package" "$folder"; done
