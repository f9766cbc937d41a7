<#
.SYNOPSIS
    Measures how long the import of TcpShell takes beyond the start of pwsh.

.DESCRIPTION
    Starts pwsh with and without the import, by turns, and gives the medians in milliseconds. Build with -Configuration Release first.

.PARAMETER Count
    How many starts of each kind.

.PARAMETER ModulePath
    The manifest of the built module.

.EXAMPLE
    benchmarks/Measure-Import.ps1 -Count 21
#>
[CmdletBinding()]
param(
    [ValidateRange(1, 1000)]
    [int] $Count = 11,

    [string] $ModulePath = (Join-Path $PSScriptRoot '../TcpShell.psd1')
)

$pwsh = & (Join-Path $PSScriptRoot '../tools/Get-PwshPath.ps1')

function Measure-Start([string] $Command) {
    (Measure-Command { & $pwsh -NoProfile -NonInteractive -Command $Command }).TotalMilliseconds
}

function Get-Median([double[]] $Values) {
    ($Values | Sort-Object)[[int] [Math]::Floor($Values.Count / 2)]
}

$import = "Import-Module '$((Resolve-Path $ModulePath).Path)'"
$empty, $loaded = @(), @()

# By turns, so that a machine that gets slower or faster does so for both; the first pair only warms up.
foreach ($i in 0..$Count) {
    $pair = (Measure-Start '$null'), (Measure-Start $import)
    if ($i -gt 0) {
        $empty += $pair[0]
        $loaded += $pair[1]
    }
}

[pscustomobject]@{
    Starts    = $Count
    PwshMs    = [Math]::Round((Get-Median $empty), 1)
    WithTcpMs = [Math]::Round((Get-Median $loaded), 1)
    ImportMs  = [Math]::Round((Get-Median $loaded) - (Get-Median $empty), 1)
}
