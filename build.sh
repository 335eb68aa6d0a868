#!/usr/bin/env bash
# Finds the .NET SDK, or installs it, and hands over to build.cake: ./build.sh help lists what there is.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_CLI_WORKLOAD_UPDATE_NOTIFY_DISABLE=true
export DOTNET_GENERATE_ASPNET_CERTIFICATE=false DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1

stop() { printf 'build.sh: %s\n  %s\n  %s\n' "$1" "$2" "$3" >&2; exit 1; }

# As root, or through sudo where it asks no password; otherwise says what to install.
install() {
  local as=()
  if [ "$(id -u)" != 0 ]; then
    sudo -n true 2>/dev/null || stop 'A package is missing.' "$*" "Install it, then start again: sudo apt-get install $*"
    as=(sudo -n)
  fi
  command -v apt-get >/dev/null || stop 'A package is missing.' "$*" 'Install what it is called on this system, then start again.'
  echo "Installing $* (apt-get)"
  "${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >/dev/null 2>&1 ||
    { "${as[@]}" apt-get update -qq && "${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >/dev/null; } ||
    stop 'A package could not be installed.' "$*" 'Read what apt-get says above, mend it, then start again.'
}

# True when this dotnet holds an SDK that global.json accepts.
fits() { [ -n "$1" ] && [ -x "$1" ] && "$1" --version >/dev/null 2>&1; }

# .NET needs the system's ICU for the six languages; a bare Debian has none.
if [ -z "$(find /usr/lib /lib -name 'libicuuc.so.*' -print -quit 2>/dev/null)" ]; then
  icu=$(apt-cache search --names-only '^libicu[0-9]+$' 2>/dev/null | awk 'NR == 1 { print $1 }')
  install "${icu:-libicu72}"
fi

dotnet=
for found in "$(command -v dotnet || true)" "${DOTNET_ROOT:-}/dotnet" "$HOME/.dotnet/dotnet" "$PWD/.dotnet/dotnet"; do
  if fits "$found"; then dotnet=$found; break; fi
done

if [ -z "$dotnet" ]; then
  sdk=$(sed -n 's/.*"version": *"\([0-9.]*\)".*/\1/p' global.json | head -n 1)
  echo "No .NET SDK $sdk or later of its line found: installing it into .dotnet/ by Microsoft's script (about 220 MB)"
  command -v curl >/dev/null || install curl ca-certificates
  script=$(mktemp)
  trap 'rm -f "$script"' EXIT
  curl -fsSL --retry 3 https://dot.net/v1/dotnet-install.sh -o "$script" ||
    stop 'The .NET SDK could not be fetched.' 'https://dot.net/v1/dotnet-install.sh did not answer.' "Install the .NET SDK ${sdk%.*} by other means and put dotnet on the PATH, then start again."
  bash "$script" --channel "${sdk%.*}" --install-dir .dotnet --no-path >/dev/null ||
    stop 'The .NET SDK could not be installed.' "Microsoft's script failed for release ${sdk%.*}." "Install the .NET SDK ${sdk%.*} by other means and put dotnet on the PATH, then start again."
  dotnet=$PWD/.dotnet/dotnet
  fits "$dotnet" || stop 'The .NET SDK that was installed does not start.' "$("$dotnet" --version 2>&1 | head -n 3 | tr '\n' ' ')" 'Install what it names, then start again.'
fi

# One SDK for everything that is started from here, also when it is not the one on the PATH.
DOTNET_ROOT=$(dirname "$(readlink -f "$dotnet")")
export DOTNET_ROOT PATH="$DOTNET_ROOT:$PATH"

cake=$(sed -n 's/.*"version": *"\([0-9.]*\)".*/\1/p' .config/dotnet-tools.json | tail -n 1)
if [ ! -d "${NUGET_PACKAGES:-$HOME/.nuget/packages}/cake.tool/$cake" ] || [ ! -e "$HOME/.dotnet/toolResolverCache/1/cake.tool" ]; then
  echo "Fetching Cake $cake"
  "$dotnet" tool restore >/dev/null || stop 'Cake could not be fetched.' "dotnet tool restore failed for cake.tool $cake." 'Check that the package feed in nuget.config answers, then start again.'
fi

target=help
case "${1:-}" in '' | -*) ;; *) target=$1; shift ;; esac
exec "$dotnet" cake build.cake --verbosity=quiet --target="$target" "$@"
