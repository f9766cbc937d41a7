<#
.SYNOPSIS
    Measures what Import-TcpCapture costs beyond the library's analysis of the same capture.

.DESCRIPTION
    Reads the capture by turns with the library alone and with the cmdlet, in one process, and gives the medians in milliseconds and what the cmdlet
    adds. Build with -Configuration Release first. A capture of 20,000 conversations is made by
    dotnet run -c Release --project benchmarks/CaptureSpeed generate many many.pcap

.PARAMETER Path
    The capture.

.PARAMETER Count
    How many turns.

.PARAMETER Processors
    How many processors may be busy.

.PARAMETER ModulePath
    The manifest of the built module.

.EXAMPLE
    benchmarks/Measure-ImportCapture.ps1 many.pcap -Count 11
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory, Position = 0)]
    [string] $Path,

    [ValidateRange(1, 1000)]
    [int] $Count = 5,

    [ValidateRange(1, 256)]
    [int] $Processors = 1,

    [string] $ModulePath = (Join-Path $PSScriptRoot '../TcpShell.psd1')
)

Import-Module $ModulePath
$Path = (Resolve-Path $Path).Path

# Counted by .NET itself, so that no object comes near PowerShell.
function Measure-Library {
    $reader = [TcpShell.Pcap.Files.CaptureReader]::Open($Path)
    try {
        [System.Linq.Enumerable]::Count([TcpShell.Pcap.Analysis.CaptureAnalysis]::Read([TcpShell.Pcap.Files.CaptureReader[]] @($reader), $null, $null, $Processors))
    } finally {
        $reader.Dispose()
    }
}

function Measure-Cmdlet {
    $conversations = 0
    Import-TcpCapture $Path -ThrottleLimit $Processors | ForEach-Object -Process { $conversations++ } | Out-Null
    $conversations
}

function Get-Median([double[]] $Values) {
    ($Values | Sort-Object)[[int] [Math]::Floor($Values.Count / 2)]
}

$library, $cmdlet, $counted = @(), @(), @()

# By turns, so that a machine that gets slower or faster does so for both; the first turn only warms up.
foreach ($i in 0..$Count) {
    $turn = (Measure-Command { Measure-Library }).TotalMilliseconds,
    (Measure-Command { Import-TcpCapture $Path -ThrottleLimit $Processors | Out-Null }).TotalMilliseconds,
    (Measure-Command { Measure-Cmdlet }).TotalMilliseconds
    if ($i -gt 0) {
        $library += $turn[0]
        $cmdlet += $turn[1]
        $counted += $turn[2]
    }
}

[pscustomobject]@{
    Conversations = Measure-Library
    LibraryMs     = [Math]::Round((Get-Median $library), 1)
    CmdletMs      = [Math]::Round((Get-Median $cmdlet), 1)
    AddsPercent   = [Math]::Round(100 * ((Get-Median $cmdlet) / (Get-Median $library) - 1), 1)
    # With a script block that looks at each conversation, which is PowerShell's own cost.
    WithScriptMs  = [Math]::Round((Get-Median $counted), 1)
}
