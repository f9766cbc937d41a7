<#
.SYNOPSIS
    Measures the analysis of captures side by side with other programs on the same file.

.DESCRIPTION
    Publishes benchmarks/CaptureSpeed in two ways, as machine code (NativeAOT) and on the .NET runtime, generates the captures that are missing, and runs
    every program on them by turns, each run a cold process bound to one core (or two, where it says so). Gives the medians of the wall clock's and the
    processor's time, and how many times longer each program takes than our analysis as machine code. Programs that are not installed are left out with a
    warning, as is the machine code where nothing can link it (clang or gcc).

.PARAMETER Count
    Runs of each program; the slow ones (tshark) run once.

.PARAMETER RealTime
    Runs all but tshark with real-time priority (chrt, which needs root), for a machine that is busy otherwise: wall clocks mean something then.

.PARAMETER Folder
    Where the captures and the published program go.

.PARAMETER Capture
    Further captures to measure, beside the generated ones.

.EXAMPLE
    benchmarks/Measure-CaptureSpeed.ps1 -Count 5 | Format-Table
#>
[CmdletBinding()]
param(
    [ValidateRange(1, 100)]
    [int] $Count = 5,

    [switch] $RealTime,

    [string] $Folder = (Join-Path ([IO.Path]::GetTempPath()) 'CaptureSpeed'),

    [string[]] $Capture = @()
)

$ErrorActionPreference = 'Stop'
$project = Join-Path $PSScriptRoot 'CaptureSpeed'
$null = New-Item -ItemType Directory -Force $Folder
$onRuntime, $native = foreach ($isNative in 'false', 'true') {
    $publish = Join-Path $Folder "publish-$isNative"
    $null = dotnet publish $project -c Release --use-current-runtime "-p:Native=$isNative" "-p:PublishDir=$publish/" --nologo -v quiet
    if ($LASTEXITCODE -eq 0) {
        Join-Path $publish 'CaptureSpeed'
    } elseif ($isNative -eq 'false') {
        throw 'CaptureSpeed cannot be published.'
    } else {
        Write-Warning 'CaptureSpeed cannot be compiled to machine code here: all ratios are those to the analysis on the runtime.'
    }
}

foreach ($shape in 'many', 'few') {
    $file = Join-Path $Folder "$shape.pcap"
    if (-not (Test-Path $file)) {
        & $onRuntime generate $shape $file
    }

    $Capture = @($file) + $Capture
}

# What is run, on how many cores, and how often.
function Get-Program([string] $File) {
    $programs = [ordered]@{}
    if ($native) {
        $programs['bare loop'] = 1, $Count, "$native parse $File"
        $programs['analysis'] = 1, $Count, "$native analyse $File"
        $programs['analysis, 2 threads'] = 2, $Count, "$native analyse $File 2"
        $programs['SharpPcap reading only'] = 1, $Count, "$native sharppcap $File"
    }

    $programs['bare loop on the runtime'] = 1, $Count, "$onRuntime parse $File"
    $programs['analysis on the runtime'] = 1, $Count, "$onRuntime analyse $File"
    $programs['analysis on the runtime, 2 threads'] = 2, $Count, "$onRuntime analyse $File 2"
    $programs['SharpPcap reading only, on the runtime'] = 1, $Count, "$onRuntime sharppcap $File"
    $programs['tcpdump -nn'] = 1, $Count, "tcpdump -nn -r $File tcp"
    $programs['tcptrace -l -r'] = 1, $Count, "tcptrace -n -l -r $File"
    $programs['tshark -q -z conv,tcp'] = 1, 1, "tshark -n -r $File -q -z conv,tcp"
    $programs['tshark analysis flags'] = 1, 1, "tshark -n -r $File -T fields -e tcp.stream -e tcp.flags -e tcp.analysis.flags"
    $programs
}

# Wall clock and processor in seconds, from bash's own clock; nothing where the program does not exist or fails.
function Measure-Run([int] $Cores, [string] $Command) {
    $priority = if ($RealTime -and $Command -notmatch '^tshark') { 'chrt -f 5' }
    $script = "TIMEFORMAT='%R %U %S'; time { taskset -c 0-$($Cores - 1) $priority $Command >/dev/null 2>&1; code=`$?; }; exit `$code"
    $time = (bash -c $script 2>&1 | Select-Object -Last 1) -split ' '
    if ($LASTEXITCODE -eq 0) {
        [pscustomobject]@{ Wall = [double] $time[0]; Processor = [double] $time[1] + [double] $time[2] }
    }
}

function Get-Median([double[]] $Values) {
    ($Values | Sort-Object)[[int] [Math]::Floor($Values.Count / 2)]
}

foreach ($file in $Capture) {
    $programs = Get-Program $file
    $runs = @{}

    # By turns, so that a machine that gets slower or faster does so for all; the first run of each only warms up the file's pages.
    foreach ($round in 0..$Count) {
        foreach ($name in $programs.Keys) {
            $cores, $times, $command = $programs[$name]
            if ($round -le $times -and ($round -gt 0 -or $times -gt 1)) {
                $runs[$name] += @(Measure-Run $cores $command | Where-Object { $round -gt 0 })
            }
        }
    }

    $base = Get-Median $runs[$(if ($native) { 'analysis' } else { 'analysis on the runtime' })].Processor
    foreach ($name in $programs.Keys) {
        if (-not $runs[$name]) {
            Write-Warning "'$name' did not run and is left out."
            continue
        }

        $processor = Get-Median $runs[$name].Processor
        [pscustomobject]@{
            Capture          = Split-Path -Leaf $file
            Program          = $name
            Runs             = $runs[$name].Count
            WallSeconds      = [Math]::Round((Get-Median $runs[$name].Wall), 3)
            ProcessorSeconds = [Math]::Round($processor, 3)
            TimesOurs        = [Math]::Round($processor / $base, 2)
        }
    }
}
