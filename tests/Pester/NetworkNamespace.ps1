# Dot-sourced by tests that capture: a network of their own, which goes with the process that is in it.

# Why there can be no such network; nothing if there can.
function Get-NetworkObstacle {
    try { [void] (Get-TcpDevice) } catch { return $_.Exception.Message }
    if (-not $IsLinux) { return 'network namespaces are there on Linux only' }
    if ((id -u) -ne 0) { return 'making network namespaces takes root' }
    $absent = 'ip', 'unshare', 'setpriv', 'mount' | Where-Object { -not (Get-Command $_ -CommandType Application -ErrorAction Ignore) }
    if ($absent) { return "$($absent -join ', ') not installed (iproute2, util-linux)" }
}

# Runs a script in a pwsh of its own in a new network, whose loopback interface is up, and gives what it gives as objects. The script has $modulePath,
# imported, and $folder, to write to. -Without takes a capability away; -Hiding makes a file unreadable as a library.
function Invoke-InNetworkNamespace([Parameter(Position = 0)] [scriptblock] $Script, [string] $Without, [string] $Hiding) {
    $folder = (New-Item (Join-Path $TestDrive ([guid]::NewGuid())) -ItemType Directory).FullName
    $file = Join-Path $folder 'script.ps1'
    Set-Content $file @"
`$modulePath = '$modulePath'
`$folder = '$folder'
Import-Module `$modulePath
& { $Script } | Export-Clixml (Join-Path `$folder result.xml) -Depth 3
[Environment]::Exit(0)
"@
    $start = $Without ? "setpriv --bounding-set=-$Without --inh-caps=-$Without '$pwshPath'" : "'$pwshPath'"
    $hide = $Hiding ? "mount --bind /dev/null '$(Resolve-Path $Hiding)' && " : ''
    $said = unshare --net --mount sh -c "${hide}ip link set lo up && exec $start -NoProfile -NonInteractive -File '$file'" 2>&1
    if (-not (Test-Path (Join-Path $folder result.xml))) { throw "The script gave nothing: $said" }
    Import-Clixml (Join-Path $folder result.xml)
}
